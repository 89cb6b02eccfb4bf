// A client of HTTP/1.1, and servers that say anything at any time.

import type { Call, Request } from '../../src/h1/call.ts'
import { createH1Client } from '../../src/h1/client.ts'
import { MemorySocket } from '../support/memory-socket.ts'
import type { Choices } from './choices.ts'
import { piece, whole } from './http1-messages.ts'
import type { Target } from './loop.ts'

interface Running {
  readonly call: Call
  isOver(): boolean
}

const base = { target: '/a', fields: ['Host', 'a'] }
const body = Buffer.from('hello')

function requestOf(choices: Choices): Request {
  switch (choices.below(4)) {
    case 0:
      return { ...base, method: 'HEAD', framing: { kind: 'none' }, body: Buffer.alloc(0) }
    case 1:
      return { ...base, method: 'POST', framing: { kind: 'length', bytes: 70_000 }, body: Buffer.alloc(70_000) }
    case 2: {
      const pieces = choices.below(4)
      const flow: {
        flow: (to: { write(bytes: Buffer): boolean; end(trailers: string[]): void; cut(): void }) => void
      } = {
        flow(to) {
          for (let left = pieces; left > 0; left -= 1) to.write(body)
          if (pieces === 3) to.cut()
          else if (pieces > 0) to.end([])
        },
      }
      return { ...base, method: 'PUT', framing: { kind: 'chunked' }, body: { ...flow, resume() {} } }
    }
    default:
      return { ...base, method: 'POST', framing: { kind: 'length', bytes: 5 }, body }
  }
}

export const http1Client: Target = {
  name: 'HTTP/1.1 client',
  part: 'http',
  run(choices: Choices) {
    const sockets: MemorySocket[] = []
    const running: Running[] = []
    const client = createH1Client({
      maxHeadBytes: 2000,
      dial: ({ onConnected }) => {
        const memory = new MemorySocket()
        memory.once('connect', onConnected)
        sockets.push(memory)
        return memory.socket
      },
    })
    const ask = () => running.push(start(client, choices))
    ask()
    for (let left = 24; left > 0 && !choices.isOver; left -= 1) {
      const memory = choices.pick(sockets)
      if (choices.oneIn(6) && running.length < 8) ask()
      else if (choices.oneIn(8)) useCall(choices.pick(running), choices)
      else step(memory, choices)
      for (const each of sockets) each.turn()
    }
    client.close()
    client.abandon(new Error('over'))
    for (const each of sockets) each.turn()
    if (!running.every(({ isOver }) => isOver())) throw new Error('nobody told the end of a request')
    if (!sockets.every(({ destroyed }) => destroyed)) throw new Error('a connection is left open')
  },
}

function step(memory: MemorySocket, choices: Choices): void {
  switch (choices.below(9)) {
    case 0:
      memory.connect()
      return
    case 1:
      memory.drain()
      return
    case 2:
      memory.isSlow = choices.oneIn(2)
      return
    case 3:
      memory.connect()
      if (choices.oneIn(3)) memory.finish()
      return
    case 4:
      if (choices.oneIn(3) && !memory.destroyed) {
        memory.emit('error', new Error('reset'))
        memory.destroy()
      }
      return
    case 5:
      memory.connect()
      memory.arrive(whole('response', choices))
      return
    default:
      memory.connect()
      memory.arrive(piece('response', choices))
  }
}

type Client = ReturnType<typeof createH1Client>

/** A call that is over is its connection no more. */
function useCall({ call, isOver }: Running, choices: Choices): void {
  if (isOver()) return
  if (choices.oneIn(2)) call.resume()
  else call.abort(new Error('given up'))
}

function start(client: Client, choices: Choices): Running {
  let heads = 0
  let isOver = false
  const end = () => {
    if (isOver) throw new Error('a request that ends twice')
    isOver = true
  }
  const alive = () => {
    if (isOver) throw new Error('something is told after the end of a request')
  }
  const call = client.request(requestOf(choices), {
    interim: alive,
    head() {
      alive()
      heads += 1
      if (heads > 1) throw new Error('a response with two heads')
    },
    data() {
      alive()
      if (heads === 0) throw new Error('a body without a head')
      return !choices.oneIn(3)
    },
    end() {
      end()
      if (heads === 0) throw new Error('an end without a head')
    },
    failed(_error, stage) {
      end()
      if (heads > 0 && stage !== 'answering') throw new Error(`it had an answer and failed while ${stage}`)
    },
  })
  return { call, isOver: () => isOver }
}

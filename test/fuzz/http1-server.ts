// A server connection of HTTP/1.1, and senders and functions that do anything at any time.

import { announcedFraming, hasNoBody, noBody } from '../../src/h1/framing.ts'
import { parseHead } from '../../src/h1/head.ts'
import type { Incoming } from '../../src/h1/incoming.ts'
import type { Outgoing } from '../../src/h1/outgoing.ts'
import { MessageReader } from '../../src/h1/reader.ts'
import { ServerConnection } from '../../src/h1/server-connection.ts'
import { parseStatusLine } from '../../src/h1/start-line.ts'
import { MemorySocket } from '../support/memory-socket.ts'
import type { Choices } from './choices.ts'
import { piece, whole } from './http1-messages.ts'
import type { Target } from './loop.ts'

const limits = { maxHeadBytes: 2000, headTimeoutMs: 10_000, stallTimeoutMs: 60_000 }
const ok = { status: 200, reason: 'OK', fields: ['X-A', 'b'] }
const body = Buffer.from('hello')

/** What was asked, and what became of it. */
interface Asked {
  readonly request: Incoming
  readonly response: Outgoing
  isAnswered: boolean
  timesGone: number
  /** The body has been taken. */
  isFlowing: boolean
  hasEnd: boolean
}

export const http1Server: Target = {
  name: 'HTTP/1.1 server',
  part: 'http',
  run(choices: Choices) {
    const memory = new MemorySocket()
    const all: Asked[] = []
    const connection = new ServerConnection(memory.socket, limits, {
      request(request, response) {
        const asked: Asked = { request, response, isAnswered: false, timesGone: 0, isFlowing: false, hasEnd: false }
        all.push(asked)
        if (choices.oneIn(3)) answer(asked, choices)
        return {
          gone() {
            asked.timesGone += 1
          },
        }
      },
    })
    for (let left = 24; left > 0 && !choices.isOver; left -= 1) {
      step(choices, { memory, connection, asked: all.at(-1) })
      memory.turn()
    }
    const hadAll = memory.hasEnded || !memory.destroyed
    memory.destroy()
    memory.turn()
    for (const { isAnswered, timesGone } of all) {
      if (timesGone > 1) throw new Error('it was told twice that the sender has gone')
      if (!isAnswered && timesGone === 0) throw new Error('nobody told it that the sender has gone')
    }
    readBack(memory, all, hadAll)
  },
}

interface Scene {
  readonly memory: MemorySocket
  readonly connection: ServerConnection
  readonly asked: Asked | undefined
}

function step(choices: Choices, { memory, connection, asked }: Scene): void {
  switch (choices.below(10)) {
    case 0:
      if (asked !== undefined) answer(asked, choices)
      return
    case 1:
      if (asked !== undefined) take(asked, choices)
      return
    case 2:
      memory.drain()
      return
    case 3:
      memory.isSlow = choices.oneIn(2)
      return
    case 4:
      if (choices.oneIn(4)) memory.finish()
      return
    case 5:
      connection.sweep(performance.now() + choices.below(20) * 1000)
      return
    case 6:
      memory.arrive(choices.oneIn(64) ? Buffer.alloc(70_000, 0x61) : whole('request', choices))
      return
    default:
      memory.arrive(piece('request', choices))
  }
}

function take(asked: Asked, choices: Choices): void {
  if (!asked.isFlowing && asked.request.isComplete) asked.request.queued()
  if (asked.isFlowing) asked.request.resume()
  else {
    asked.isFlowing = true
    const count = () => {
      if (asked.hasEnd) throw new Error('a body that ends twice')
      asked.hasEnd = true
    }
    const write = () => {
      if (asked.hasEnd) throw new Error('a body that goes on after its end')
      return !choices.oneIn(4)
    }
    asked.request.flow({ write, end: count, cut: count })
  }
}

function answer(asked: Asked, choices: Choices): void {
  const { response } = asked
  if (choices.oneIn(5)) response.inform({ status: 103, reason: 'E', fields: [] })
  if (asked.isAnswered) return
  asked.isAnswered = true
  if (choices.oneIn(2)) {
    const status = choices.pick([200, 204, 404, 503])
    response.send({ ...ok, status }, choices.oneIn(4) ? Buffer.alloc(70_000) : body)
    return
  }
  const framing = choices.pick([
    { kind: 'length', bytes: 5 },
    { kind: 'chunked' },
    { kind: 'until-close' },
    { kind: 'length', bytes: 3 },
    { kind: 'length', bytes: 7 },
  ] as const)
  const writer = response.begin(ok, framing)
  writer.write(body)
  if (choices.oneIn(6)) response.cut()
  else writer.end(choices.oneIn(2) ? [] : ['X-Trailer', '1'])
}

/** All that was said is responses, one for each request in their order, and perhaps an error at the end. */
function readBack({ written }: MemorySocket, all: readonly Asked[], hadAll: boolean): void {
  let responses = 0
  const reader = new MessageReader(
    {
      head({ startLine, fields }) {
        const { status } = parseStatusLine(startLine)
        if (status < 200) return 'interim'
        const method = all[responses]?.request.method ?? ''
        responses += 1
        return hasNoBody(method, status) ? noBody : announcedFraming(method, status, fields)
      },
      data() {},
      end() {},
    },
    parseHead,
    2 ** 20,
  )
  const bytes = Buffer.concat(written)
  for (let at = 0; at < bytes.length; ) at = reader.read(bytes, at)
  if (responses > all.length + 1) throw new Error(`${responses} responses to ${all.length} requests`)
  if (!reader.close() && hadAll && all.every(({ isAnswered }) => isAnswered)) throw new Error('a response is cut')
}

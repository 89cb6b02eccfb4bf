import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { request, settings, settingsAck, unlimited } from '../../test/h2/pair.ts'
import { MemorySocket } from '../../test/support/memory-socket.ts'
import { clientPreface } from './protocol.ts'
import { connectionOn } from './socket.ts'

const greeting = Buffer.concat([clientPreface, settings(), settingsAck])
const calls = (from: number, to: number) =>
  Buffer.concat(Array.from({ length: to - from }, (_, i) => request(2 * (from + i) + 1, true)))

describe('who opens calls by the hundred', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  const client = (name: string, accepted: string[]) => {
    const memory = new MemorySocket()
    const accept = ({ id }: { readonly id: number }) => void accepted.push(`${name} ${id}`)
    connectionOn(memory.socket, { owner: { accept, changed() {}, closed() {} }, budget: unlimited })
    return memory
  }

  const lookAtAll = (memory: MemorySocket) => {
    for (let turn = 0; turn < 1000; turn += 1) {
      vi.advanceTimersByTime(1)
      memory.turn()
    }
  }

  test('does not make another client wait for all of them', () => {
    const accepted: string[] = []
    const many = client('many', accepted)
    const one = client('one', accepted)
    many.arrive(Buffer.concat([greeting, calls(0, 1000)]))
    many.arrive(calls(1000, 1500))
    many.turn()
    one.arrive(Buffer.concat([greeting, calls(0, 1)]))
    one.turn()
    lookAtAll(many)

    expect(accepted.slice(0, 9)).toContain('one 1')
    const ofMany = accepted.filter((each) => each !== 'one 1')
    expect(ofMany).toEqual(Array.from({ length: 1500 }, (_, i) => `many ${2 * i + 1}`))
  })

  test('is read on as far as 64 KiB, and further when some of that has been looked at', () => {
    const many = client('many', [])
    client('other', [])
    const most = Math.floor((64 * 1024) / request(1, true).length)
    many.arrive(Buffer.concat([greeting, calls(0, most)]))
    many.turn()
    const before = many.isPaused()
    many.arrive(calls(most, most + 20))
    many.turn()
    const beyond = many.isPaused()
    lookAtAll(many)

    expect([before, beyond, many.isPaused()]).toEqual([false, true, false])
  })
})

test('of a client that has gone meanwhile the rest is not looked at', async () => {
  let accepted = 0
  const closed: string[] = []
  const server = createServer((socket: Socket) => {
    const accept = () => {
      accepted += 1
      // When it has been answered, for whoever writes learns of it too.
      if (accepted === 50) leaving.resetAndDestroy()
    }
    connectionOn(socket, {
      owner: { accept, changed() {}, closed: (cause) => void closed.push(cause) },
      budget: unlimited,
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const open = async () => {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
    await once(socket, 'connect')
    return socket
  }
  const [other, leaving] = [await open(), await open()]
  onTestFinished(() => {
    other.destroy()
    server.close()
  })
  leaving.write(Buffer.concat([greeting, calls(0, 500)]))

  await expect.poll(() => closed.length).toBe(1)
  expect(accepted).toBeGreaterThanOrEqual(50)
  expect(accepted).toBeLessThan(150)
})

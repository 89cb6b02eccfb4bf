import type { OnReadOpts } from 'node:net'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { settings, unlimited } from '../../test/h2/pair.ts'
import { MemorySocket } from '../../test/support/memory-socket.ts'
import { clientPreface } from './protocol.ts'
import { connectionOn, connectionTo } from './socket.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function start(role: 'client' | 'server') {
  const memory = new MemorySocket()
  const causes: string[] = []
  const owner = { accept() {}, changed() {}, closed: (cause: string) => void causes.push(cause) }
  const options = { owner, budget: unlimited }
  const connection =
    role === 'server'
      ? connectionOn(memory.socket, options)
      : connectionTo((onread) => readingInto(memory, onread), options).connection
  const pass = (ms: number) => {
    vi.advanceTimersByTime(ms)
    memory.turn()
  }
  return { memory, connection, causes, pass }
}

function readingInto(memory: MemorySocket, { buffer, callback }: OnReadOpts) {
  memory.on('data', (bytes: Buffer) => callback(bytes.copy(buffer as Buffer), buffer as Buffer))
  return memory.socket
}

test('a peer that takes nothing for 60 seconds is given up, and its calls hear why', () => {
  const { memory, causes, pass } = start('client')
  memory.isSlow = true
  pass(1)
  const before = [memory.destroyed, causes.length]
  pass(59_000)
  const shortly = [memory.destroyed, causes.length]
  pass(1000)

  expect([before, shortly]).toEqual([
    [false, 0],
    [false, 0],
  ])
  expect([memory.destroyed, causes]).toEqual([true, ['the peer reads nothing']])
})

test('a peer that takes something now and then is slow and no more', () => {
  const { memory, connection, causes, pass } = start('client')
  memory.isSlow = true
  memory.arrive(settings())
  for (let minute = 0; minute < 10; minute += 1) {
    connection.output.ping(Buffer.alloc(8), false)
    pass(50_000)
    memory.drain()
  }

  expect([memory.destroyed, causes]).toEqual([false, []])
})

test('over TLS, which takes bytes later, memory is used again once they are taken', () => {
  const memory = new SlowlyTaking()
  const options = { owner: { accept() {}, changed() {}, closed() {} }, budget: unlimited }
  const connection = connectionOn(memory.socket, options)
  memory.arrive(Buffer.concat([clientPreface, settings()]))
  for (let turn = 0; turn < 100; turn += 1) {
    connection.output.ping(Buffer.alloc(8), false)
    vi.advanceTimersByTime(1)
    memory.turn()
    memory.take()
  }

  expect(memory.given.size).toBeLessThan(4)
})

/** As a TLSSocket: nothing that is written has been taken when `write` returns. */
class SlowlyTaking extends MemorySocket {
  readonly encrypted = true
  readonly given = new Set<ArrayBufferLike>()
  #waiting: (() => void)[] = []

  override write(data: Buffer, onTaken?: unknown): boolean {
    this.given.add(data.buffer)
    this.writableLength += data.length
    this.#waiting.push(onTaken as () => void)
    return true
  }

  take(): void {
    this.writableLength = 0
    for (const onTaken of this.#waiting.splice(0)) onTaken()
  }
}

test('a connection on which nothing is sent may be idle for ever; a client that never greets may not', () => {
  const greeted = start('server')
  greeted.memory.arrive(Buffer.concat([clientPreface, settings()]))
  const silent = start('server')

  for (const { pass } of [greeted, silent]) {
    pass(9000)
    pass(24 * 3600_000)
  }

  expect([greeted.memory.destroyed, silent.memory.destroyed]).toEqual([false, true])
})

test('who does not close after our last words is cut after a second', () => {
  const { memory, connection, pass } = start('client')
  memory.arrive(settings())
  pass(1)
  connection.leave()
  pass(999)
  const before = [memory.hasEnded, memory.destroyed]
  pass(1)

  expect([before, memory.destroyed]).toEqual([[true, false], true])
})

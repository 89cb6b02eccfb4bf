import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ByteQueue } from './byte-queue.ts'

const unlimited = { take: () => true, give: () => {} }
const queueOf = (bytes: Buffer, { isKeeping = true } = {}) => {
  const queue = new ByteQueue(unlimited, { isKeeping })
  queue.push(bytes, 0, bytes.length, true)
  return queue
}
const filled = (size: number, value: number) => Buffer.alloc(size, value)

function readAll(queue: ByteQueue): Buffer {
  const parts: Buffer[] = []
  while (queue.unread > 0) {
    const part = Buffer.from(queue.front())
    parts.push(part)
    queue.advance(part.length)
  }
  return Buffer.concat(parts)
}

test('memory that was released is used again, and no bytes of its earlier use are seen', () => {
  const released = queueOf(filled(60_000, 1))
  const memory = released.whole().buffer
  released.release()
  const next = queueOf(filled(58_000, 2))

  expect(next.whole().buffer).toBe(memory)
  expect(next.whole()).toEqual(filled(58_000, 2))
  expect(readAll(next)).toEqual(filled(58_000, 2))
})

test('what is cleared stays as it was for whoever looks at it', () => {
  const queue = queueOf(filled(60_000, 1))
  const whole = queue.whole()
  queue.clear()
  for (const _ of [1, 2, 3]) queueOf(filled(60_000, 2))

  expect(whole).toEqual(filled(60_000, 1))
})

test('nothing is released twice', () => {
  const queue = queueOf(filled(60_000, 1))
  queue.release()
  queue.release()

  expect(queueOf(filled(60_000, 2)).whole().buffer).not.toBe(queueOf(filled(60_000, 3)).whole().buffer)
})

/** A queue beside all that was pushed. */
class Modelled {
  queue = new ByteQueue(unlimited, { isKeeping: true })
  all = Buffer.alloc(0)
  at = 0

  push(size: number, value: number): void {
    this.queue.push(filled(size, value), 0, size)
    this.all = Buffer.concat([this.all, filled(size, value)])
  }

  read(size: number): void {
    const part = this.queue.front()
    const count = Math.min(part.length, size)
    expect(part.subarray(0, count).equals(this.all.subarray(this.at, this.at + count))).toBe(true)
    if (count > 0) this.queue.advance(count)
    this.at += count
  }

  rewind(): void {
    if (!this.queue.isWhole) return
    this.queue.rewind()
    this.at = 0
  }

  release(): void {
    this.queue.release()
    expect(this.queue).toMatchObject({ unread: 0, held: 0 })
    this.queue = new ByteQueue(unlimited, { isKeeping: true })
    this.all = Buffer.alloc(0)
    this.at = 0
  }

  check(): void {
    expect(this.queue.unread).toBe(this.all.length - this.at)
    if (this.queue.isWhole) expect(this.queue.whole().equals(this.all)).toBe(true)
  }
}

test('bytes come out as they went in, whatever is read, begun again or released in between', () => {
  const step = fc.record({
    index: fc.nat(3),
    what: fc.constantFrom('push', 'push', 'read', 'rewind', 'stop', 'release'),
    size: fc.integer({ min: 0, max: 90_000 }),
  })
  let value = 0
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const queues = Array.from({ length: 4 }, () => new Modelled())
      for (const { index, what, size } of steps) {
        const one = queues[index] as Modelled
        value = (value + 1) % 251
        if (what === 'push') one.push(size, value)
        else if (what === 'read') one.read(size)
        else if (what === 'stop') one.queue.stopKeeping()
        else one[what]()
        one.check()
      }
    }),
    { numRuns: 200 },
  )
})

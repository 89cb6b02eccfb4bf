import { describe, expect, test } from 'vitest'
import { VirtualTime } from '../../test/support/virtual-time.ts'
import { Departure, patientSender } from '../dapr/departure.ts'
import type { Event } from '../dapr/event.ts'
import { Hold } from './hold.ts'

const event = (fields: Partial<Event<unknown>> = {}): Event<unknown> => ({
  route: { kind: 'topic', name: '' },
  message: undefined,
  sender: patientSender,
  ...fields,
})

function setUp({ maxHeld = 10, holdTimeoutMs = 1000 } = {}) {
  const time = new VirtualTime(() => 1)
  const listeners = new Set<() => void>()
  const hold = new Hold({ maxHeld, holdTimeoutMs }, time, (listener) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  })
  const gain = () => {
    for (const listener of [...listeners]) listener()
  }
  const begin = (fields?: Partial<Event<unknown>>) => hold.begin(event(fields), time.now())
  return { time, hold, gain, listeners, begin }
}

describe('Hold', () => {
  test('waits for a replica', async () => {
    const { hold, gain, begin } = setUp()
    const waiting = hold.wait(begin(), 'no-replica')

    expect(hold.held()).toBe(1)
    gain()

    expect(await waiting).toBeUndefined()
    expect(hold.held()).toBe(0)
  })

  test('counts the time from the arrival of the event, not from the first wait', async () => {
    const { time, hold, begin } = setUp()
    const patience = begin()
    time.pass(1000)

    expect(await hold.wait(patience, 'no-replica')).toBe('no-replica')
    expect(await hold.wait(patience, 'no-place')).toBe('held-full')
  })

  test('says that the deadline of the sender was nearer', async () => {
    const { time, hold, begin } = setUp()
    const patience = begin({ deadlineMs: 100 })
    const first = hold.wait(patience, 'no-replica')
    time.pass(100)

    expect(await first).toBeUndefined()
    expect(await hold.wait(patience, 'no-replica')).toBe('deadline')
  })

  test('holds an invocation for five seconds at most', async () => {
    const { time, hold, begin } = setUp({ holdTimeoutMs: 60_000 })
    const invocation = begin({ route: { kind: 'invoke', name: '' } })
    const waiting = hold.wait(invocation, 'no-replica')
    time.pass(5000)
    await waiting

    expect(await hold.wait(invocation, 'no-replica')).toBe('no-replica')
  })

  test('never holds what cannot wait', async () => {
    const { hold, begin } = setUp()

    expect(await hold.wait(begin({ deadlineMs: 0 }), 'no-replica')).toBe('deadline')
  })

  test('pauses longer and longer between sweeps over replicas that refuse, up to a second', async () => {
    const { time, hold, begin } = setUp({ holdTimeoutMs: 60_000 })
    const patience = begin()
    const pauses: number[] = []
    for (let i = 0; i < 7; i += 1) {
      const startedMs = time.now()
      const waiting = hold.wait(patience, 'refusing')
      time.passToNext()
      await waiting
      pauses.push(time.now() - startedMs)
    }

    expect(pauses).toEqual([50, 100, 200, 400, 800, 1000, 1000])
  })

  test('gives a place that has become free to the one that has waited longest', async () => {
    const { hold, begin } = setUp()
    const woken: number[] = []
    const waiting = [1, 2, 3].map((id) => hold.wait(begin(), 'no-place').then(() => woken.push(id)))
    hold.placeFree()
    hold.placeFree()
    await Promise.all(waiting.slice(0, 2))

    expect(woken).toEqual([1, 2])
    expect(hold.held()).toBe(1)
  })

  test('a place that woke an event whose sender has just gone is for the next one', async () => {
    const { hold, begin } = setUp()
    const sender = new Departure()
    const first = hold.wait(begin({ sender }), 'no-place')
    const second = hold.wait(begin(), 'no-place')
    hold.placeFree()
    sender.leave()

    expect(await first).toBe('cancelled')
    expect(await second).toBeUndefined()
  })

  test('a free place does not hurry what pauses before replicas that refuse', async () => {
    const { hold, begin } = setUp()
    hold.wait(begin(), 'refusing')
    hold.placeFree()
    await Promise.resolve()

    expect(hold.held()).toBe(1)
  })

  test('refuses one event more than it may hold', async () => {
    const { hold, begin } = setUp({ maxHeld: 1 })
    hold.wait(begin(), 'no-replica')

    expect(await hold.wait(begin(), 'no-replica')).toBe('held-full')
  })

  test('an event that has waited before keeps its place', async () => {
    const { hold, gain, begin } = setUp({ maxHeld: 1 })
    const first = begin()
    const waiting = hold.wait(first, 'no-replica')
    gain()
    await waiting
    hold.wait(begin(), 'no-replica')
    hold.wait(first, 'no-replica')

    expect(hold.held()).toBe(2)
  })

  test('tells when the oldest of them arrived', () => {
    const { time, hold, begin } = setUp()
    const early = begin()
    time.pass(5)
    hold.wait(begin(), 'no-replica')
    hold.wait(early, 'no-replica')

    expect(hold.oldestMs()).toBe(0)
  })

  test('ends when the sender has gone, and leaves neither a timer nor a listener behind', async () => {
    const { time, hold, listeners, begin } = setUp()
    const sender = new Departure()
    const waiting = hold.wait(begin({ sender }), 'no-place')
    sender.leave()

    expect(await waiting).toBe('cancelled')
    expect([time.timers(), listeners.size]).toEqual([0, 0])
  })
})

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Departure, patientSender } from '../dapr/departure.ts'
import type { Event } from '../dapr/event.ts'
import { createHold, type Subscribe } from './hold.ts'

const never: Subscribe = () => () => {}
const event = (fields: Partial<Event<unknown>> = {}): Event<unknown> => ({
  route: { kind: 'topic', name: '' },
  message: undefined,
  sender: patientSender,
  ...fields,
})
const create = (maxHeld = 10, holdTimeoutMs = 1000) =>
  createHold({ maxHeld, holdTimeoutMs }, { now: () => Date.now(), random: () => 1 })

describe('createHold', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  test('waits for a change of the replicas', async () => {
    const hold = create()
    let change = () => {}
    const waiting = hold.begin(event()).wait((listener) => {
      change = listener
      return () => {}
    }, false)

    expect(hold.held()).toBe(1)
    change()

    expect(await waiting).toBeUndefined()
    expect(hold.held()).toBe(0)
  })

  test('counts the time from the arrival of the event, not from the first wait', async () => {
    const patience = create().begin(event())
    vi.advanceTimersByTime(1000)

    expect(await patience.wait(never, false)).toBe('no-replica')
  })

  test('says that the deadline of the sender was nearer', async () => {
    const patience = create().begin(event({ deadlineMs: Date.now() + 100 }))
    const first = patience.wait(never, false)
    await vi.advanceTimersByTimeAsync(100)
    await first

    expect(await patience.wait(never, false)).toBe('deadline')
  })

  test('pauses longer and longer between sweeps over replicas that refuse, up to a second', async () => {
    const patience = create(10, 60_000).begin(event())
    const pauses: number[] = []
    for (let i = 0; i < 7; i += 1) {
      const startedMs = Date.now()
      const waiting = patience.wait(never, true)
      await vi.advanceTimersToNextTimerAsync()
      await waiting
      pauses.push(Date.now() - startedMs)
    }

    expect(pauses).toEqual([50, 100, 200, 400, 800, 1000, 1000])
  })

  test('refuses one event more than it may hold', async () => {
    const hold = create(1)
    hold.begin(event()).wait(never, false)

    expect(await hold.begin(event()).wait(never, false)).toBe('held-full')
  })

  test('ends when the sender has gone, and leaves no timer behind', async () => {
    const sender = new Departure()
    const waiting = create().begin(event({ sender })).wait(never, false)
    sender.leave()

    expect(await waiting).toBe('cancelled')
    expect(vi.getTimerCount()).toBe(0)
  })
})

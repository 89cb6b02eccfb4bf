import { expect, test } from 'vitest'
import type { Delivery } from '../observer.ts'
import { createDeliveries, maxDeliveries, maxFailed } from './deliveries.ts'

function create() {
  let nowMs = 0
  let looks = 0
  const deliveries = createDeliveries(() => nowMs, 1_000_000)
  const add = (change: Partial<Delivery> = {}, id = 'id-1') => {
    const delivery: Delivery = {
      route: { kind: 'topic', name: 'bus/orders' },
      identity: () => {
        looks += 1
        return { id }
      },
      outcome: { kind: 'answered', verdict: 'success' },
      replica: '10.0.0.1:8080',
      attempts: 1,
      breaks: 0,
      startedMs: nowMs,
      endedMs: nowMs + 2,
      ...change,
    }
    const isFailure = delivery.outcome.kind !== 'answered'
    deliveries.add(delivery, isFailure ? 'broken' : 'success', isFailure)
  }
  return {
    deliveries,
    add,
    looks: () => looks,
    pass: (ms: number) => {
      nowMs += ms
    },
  }
}

const broken = { outcome: { kind: 'broken', cause: 'gone' } } as const

test('tells of a delivery, and the newest first', () => {
  const { deliveries, add, pass } = create()
  add()
  pass(1000)
  add({ ...broken, attempts: 2 })

  expect(deliveries.all(10)).toEqual([
    {
      when: '1970-01-01T00:16:41.002Z',
      id: 'id-1',
      route: 'bus/orders',
      kind: 'topic',
      replica: '10.0.0.1:8080',
      attempts: 2,
      outcome: 'broken',
      ms: 2,
    },
    expect.objectContaining({ when: '1970-01-01T00:16:40.002Z', id: null, outcome: 'success' }),
  ])
})

test('keeps the last ones, and failures apart from what goes well', () => {
  const { deliveries, add } = create()
  for (let sent = 0; sent < 2 * maxFailed; sent += 1) add({ ...broken, attempts: sent })
  for (let sent = 0; sent < 2500; sent += 1) add({ attempts: sent })

  const attempts = deliveries.all(5000).map((record) => record.attempts)
  expect(attempts).toEqual(Array.from({ length: maxDeliveries }, (_, back) => 2499 - back))
  expect(deliveries.all(3)).toHaveLength(3)
  const failed = deliveries.failed(5000)
  expect(failed).toHaveLength(maxFailed)
  expect(failed[0]).toMatchObject({ outcome: 'broken', attempts: 2 * maxFailed - 1 })
})

test('looks for the id of an event that failed, moved or took long, and of no other', () => {
  const { deliveries, add, looks } = create()
  for (let sent = 0; sent < 50; sent += 1) add()
  expect(looks()).toBe(0)

  add(broken)
  add({ attempts: 2 })
  add({ endedMs: 1001 })
  expect(looks()).toBe(3)
  expect(deliveries.failed(1)[0]?.id).toBe('id-1')
})

test('looks for every id for a minute after somebody has asked', () => {
  const { deliveries, add, looks, pass } = create()
  deliveries.all(1)

  for (let sent = 0; sent < 500; sent += 1) add()
  expect(looks()).toBe(500)
  // Failures alone are no reason: the page asks for them all the time.
  pass(60_000)
  deliveries.failed(1)
  add()
  expect(looks()).toBe(500)
})

test('an outage does not have it read every event', () => {
  const { add, looks, pass } = create()
  for (let sent = 0; sent < 1000; sent += 1) add(broken)
  expect(looks()).toBe(100)

  pass(1000)
  for (let sent = 0; sent < 1000; sent += 1) add(broken)
  expect(looks()).toBe(200)
})

test('a long id is cut, and bytes that are no event have none', () => {
  const { deliveries, add } = create()
  add(broken, 'x'.repeat(10_000))
  add({
    ...broken,
    identity: () => {
      throw new Error('no JSON')
    },
  })

  expect(deliveries.failed(2).map(({ id }) => id?.length)).toEqual([undefined, 128])
})

test('says how long the last ones took, and which replica had them', () => {
  const { deliveries, add } = create()
  expect(deliveries.recent()).toEqual({ count: 0, p50Ms: 0, p99Ms: 0, byReplica: new Map() })

  for (let ms = 1; ms <= 100; ms += 1) add({ endedMs: ms, replica: ms <= 25 ? 'a' : 'b' })
  expect(deliveries.recent()).toEqual({
    count: 100,
    p50Ms: 50,
    p99Ms: 99,
    byReplica: new Map([
      ['a', 25],
      ['b', 75],
    ]),
  })
})

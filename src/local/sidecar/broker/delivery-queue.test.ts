import { afterEach, describe, expect, test, vi } from 'vitest'
import { DeliveryQueue, defaultPolicy } from './delivery-queue.ts'
import { type Delivery, Tally } from './tally.ts'

afterEach(() => vi.useRealTimers())

const failed: Delivery = { kind: 'failed', cause: 'refused' }

function queue(deliver: (message: number) => Promise<Delivery>) {
  const tally = new Tally()
  const lost: string[] = []
  const options = { deliver, tally, onLost: (cause: string) => lost.push(cause) }
  return { tally, lost, queue: new DeliveryQueue<number>(options) }
}

describe('DeliveryQueue', () => {
  test('an event is tried ten times within about 26 s, ever more slowly, and then given up', async () => {
    vi.useFakeTimers()
    const startedMs = Date.now()
    const attemptsMs: number[] = []
    const {
      tally,
      lost,
      queue: target,
    } = queue(async () => {
      attemptsMs.push(Date.now() - startedMs)
      return failed
    })

    target.push(1)
    await vi.advanceTimersByTimeAsync(60_000)

    expect(attemptsMs).toEqual([0, 200, 600, 1400, 3000, 6200, 11_200, 16_200, 21_200, 26_200])
    expect(lost).toEqual(['given up after 10 attempts: refused'])
    expect(tally.counts()).toMatchObject({ published: 1, failed: 10, pending: 0, lost: 1 })
  })

  test('a rejected delivery is a failed attempt', async () => {
    vi.useFakeTimers()
    let attempts = 0
    const { tally, queue: target } = queue(async () => {
      attempts += 1
      if (attempts === 1) throw new Error('broken')
      return { kind: 'acknowledged' }
    })

    target.push(1)
    await vi.advanceTimersByTimeAsync(200)

    expect(tally.counts()).toMatchObject({ delivered: 1, failed: 1, lost: 0 })
  })

  test('it is full when too many events wait', () => {
    const { queue: target } = queue(() => new Promise(() => {}))
    const room = defaultPolicy.maxInFlight + defaultPolicy.maxWaiting

    for (let count = 0; count < room; count += 1) {
      expect(target.hasRoom()).toBe(true)
      target.push(count)
    }

    expect(target.hasRoom()).toBe(false)
  })

  test('events leave in the order in which they came, also when many wait', async () => {
    const order: number[] = []
    const { queue: target } = queue(async (message) => {
      order.push(message)
      return { kind: 'acknowledged' }
    })

    for (let count = 0; count < 5000; count += 1) target.push(count)
    await vi.waitFor(() => expect(order).toHaveLength(5000))

    expect(order).toEqual(Array.from({ length: 5000 }, (_, index) => index))
  })

  test('after close nothing more is tried, and what waits stays owed', async () => {
    vi.useFakeTimers()
    let attempts = 0
    const { tally, queue: target } = queue(async () => {
      attempts += 1
      return failed
    })
    target.push(1)
    await vi.advanceTimersByTimeAsync(10)

    target.close()
    await vi.advanceTimersByTimeAsync(60_000)

    expect(attempts).toBe(1)
    expect(tally.counts()).toMatchObject({ pending: 1, lost: 1 })
  })
})

test('Tally gives the quantiles of the latest acknowledged events', () => {
  const tally = new Tally()
  expect(tally.latencyMs(0.5)).toBeUndefined()

  for (let ms = 1; ms <= 10_000; ms += 1) tally.attempted({ kind: 'acknowledged' }, ms)
  tally.attempted(failed, 1_000_000)

  expect(tally.latencyMs(0)).toBe(10_000 - 4096 + 1)
  expect(tally.latencyMs(1)).toBe(10_000)
})

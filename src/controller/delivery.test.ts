import { describe, expect, test } from 'vitest'
import { longestPauseMs, retriesFor, withDeliveryTimes } from './delivery.ts'

const redis = (...metadata: [string, string][]) => ({
  type: 'pubsub.redis',
  version: 'v1',
  metadata: metadata.map(([name, value]) => ({ name, value })),
})

describe('retriesFor', () => {
  test.each([1000, 10_000, 65_000, 305_000])(
    'even the shortest pauses add up to %d ms, and one less would not',
    (wholeMs) => {
      const shortest = (retries: number) => {
        let sum = 0
        for (let i = 0; i < retries; i += 1) sum += Math.min(500 * 1.5 ** i, longestPauseMs) / 2
        return sum
      }

      expect(shortest(retriesFor(wholeMs))).toBeGreaterThanOrEqual(wholeMs)
      expect(shortest(retriesFor(wholeMs) - 1)).toBeLessThan(wholeMs)
    },
  )
})

describe('withDeliveryTimes', () => {
  test('spells out what Redis waits for', () => {
    expect(withDeliveryTimes(redis(['redisHost', 'r:6379']))).toEqual([
      { name: 'redisHost', value: 'r:6379' },
      { name: 'processingTimeout', value: '60000' },
      { name: 'redeliverInterval', value: '15000' },
    ])
  })

  test('keeps what the user said, and leaves other brokers alone', () => {
    const given = redis(['processingTimeout', '5000'], ['redeliverInterval', '2000'])

    expect(withDeliveryTimes(given)).toEqual(given.metadata)
    expect(withDeliveryTimes({ ...redis(), type: 'pubsub.kafka' })).toEqual([])
  })
})

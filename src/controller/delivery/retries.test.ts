import { describe, expect, test } from 'vitest'
import { longestPauseMs, retriesFor, retryPolicy } from './retries.ts'

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

test('a policy that must last for more than 14 minutes is constant: an exponential one ends after 15', () => {
  expect(retryPolicy(65_000)).toMatchObject({ policy: 'exponential' })
  expect(retryPolicy(20 * 60_000)).toEqual({ policy: 'constant', duration: '10s', maxRetries: 120 })
})

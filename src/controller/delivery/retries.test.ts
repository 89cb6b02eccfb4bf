import { describe, expect, test } from 'vitest'
import { longestPauseMs, retriesFor, retryPolicy, shortRetryPolicy } from './retries.ts'

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

test.each([
  [55_000, 10_000],
  [25_000, 5000],
  [115_000, 20_000],
])('within %d ms even the longest pauses and attempts of %d ms end, and one more would not', (wholeMs, attemptMs) => {
  const { maxRetries } = shortRetryPolicy(wholeMs, attemptMs) as { maxRetries: number }
  const longest = (retries: number) => {
    let sum = attemptMs
    for (let i = 0; i < retries; i += 1) sum += Math.min(500 * 1.5 ** i, longestPauseMs) * 1.5 + attemptMs
    return sum
  }

  expect(longest(maxRetries)).toBeLessThanOrEqual(wholeMs)
  expect(longest(maxRetries + 1)).toBeGreaterThan(wholeMs)
})

test('where not even one retry fits, there is one', () => {
  expect(shortRetryPolicy(1000, 5000)).toMatchObject({ maxRetries: 1 })
})

test('a policy that must last for more than 14 minutes is constant: an exponential one ends after 15', () => {
  expect(retryPolicy(65_000)).toMatchObject({ policy: 'exponential' })
  expect(retryPolicy(20 * 60_000)).toEqual({ policy: 'constant', duration: '10s', maxRetries: 120 })
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RetryBudget } from './retry-budget.ts'

const takeAll = (budget: RetryBudget, nowMs: number): number => {
  let taken = 0
  while (budget.take(nowMs)) taken += 1
  return taken
}

test('allows ten retries a second, over ten seconds, when there are no events', () => {
  const budget = new RetryBudget()

  expect([takeAll(budget, 0), takeAll(budget, 5000), takeAll(budget, 10_000)]).toEqual([100, 0, 100])
})

test('allows a fifth of the events of the last ten seconds as well', () => {
  const budget = new RetryBudget()
  for (let i = 0; i < 1000; i += 1) budget.event(500)

  expect([takeAll(budget, 9999), takeAll(budget, 10_500)]).toEqual([300, 0])
})

test('forgets the events and the retries of long ago', () => {
  const budget = new RetryBudget()
  for (let i = 0; i < 1000; i += 1) budget.event(0)
  takeAll(budget, 0)

  expect(takeAll(budget, 1_000_000)).toBe(100)
})

test('within any ten seconds no more than the budget', () => {
  const step = fc.record({ ms: fc.nat(3000), events: fc.nat(200), wanted: fc.nat(300) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const budget = new RetryBudget()
      const taken: number[] = []
      const came: number[] = []
      let nowMs = 0
      for (const { ms, events, wanted } of steps) {
        nowMs += ms
        for (let i = 0; i < events; i += 1) {
          budget.event(nowMs)
          came.push(nowMs)
        }
        for (let i = 0; i < wanted && budget.take(nowMs); i += 1) taken.push(nowMs)
        const since = (times: number[]) => times.filter((time) => time > nowMs - 9000).length
        const sinceTen = came.filter((time) => time > nowMs - 10_000).length
        // At the time of a retry: later the events that allowed it are older than it is.
        if (taken.at(-1) === nowMs) expect(since(taken)).toBeLessThanOrEqual(100 + 0.2 * sinceTen)
      }
    }),
  )
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RetryBudget } from './retry-budget.ts'

/** As many as it allows, each of which is answered. */
const takeAll = (budget: RetryBudget, nowMs: number): number => {
  let taken = 0
  for (budget.answered(); budget.take(nowMs); budget.answered()) taken += 1
  return taken
}

/** As many as it allows, none of which is answered. */
const takeInVain = (budget: RetryBudget, nowMs: number): number => {
  let taken = 0
  while (budget.take(nowMs)) taken += 1
  return taken
}

const withEvents = (count: number, nowMs: number): RetryBudget => {
  const budget = new RetryBudget()
  for (let i = 0; i < count; i += 1) budget.event(nowMs)
  return budget
}

describe('while functions answer', () => {
  test('allows ten retries a second, over ten seconds, when there are no events', () => {
    const budget = new RetryBudget()

    expect([takeAll(budget, 0), takeAll(budget, 5000), takeAll(budget, 10_000)]).toEqual([100, 0, 100])
  })

  test('allows a fifth of the events of the last ten seconds as well', () => {
    const budget = withEvents(1000, 500)

    expect([takeAll(budget, 9999), takeAll(budget, 10_500)]).toEqual([300, 0])
  })

  test('forgets the events and the retries of long ago', () => {
    const budget = withEvents(1000, 0)
    takeAll(budget, 0)

    expect(takeAll(budget, 1_000_000)).toBe(100)
  })
})

describe('while nothing answers', () => {
  test('allows a fifth of the events of the last ten seconds and forty, however long it takes', () => {
    const budget = withEvents(1000, 0)

    expect([takeInVain(budget, 0), takeInVain(budget, 1_000_000)]).toEqual([240, 0])
  })

  test('one answer brings the budget back at once', () => {
    const budget = withEvents(1000, 0)
    takeInVain(budget, 0)
    budget.answered()

    expect([budget.allows(0), takeAll(budget, 0)]).toEqual([true, 60])
  })
})

interface Step {
  readonly ms: number
  readonly events: number
  readonly wanted: number
  readonly isAnswered: boolean
}

/** What is true after each step that was allowed a retry: of later moments the events that allowed it are older than it is. */
function* played(steps: readonly Step[]) {
  const budget = new RetryBudget()
  const taken: number[] = []
  const came: number[] = []
  let nowMs = 0
  let inVain = 0
  for (const { ms, events, wanted, isAnswered } of steps) {
    nowMs += ms
    came.push(...Array<number>(events).fill(nowMs))
    for (let i = 0; i < events; i += 1) budget.event(nowMs)
    if (isAnswered) budget.answered()
    const count = Array.from({ length: wanted }, () => budget.take(nowMs)).filter(Boolean).length
    taken.push(...Array<number>(count).fill(nowMs))
    inVain = count + (isAnswered ? 0 : inVain)
    const since = (times: readonly number[], ms: number) => times.filter((time) => time > nowMs - ms).length
    if (count > 0) yield { part: 0.2 * since(came, 10_000), retries: since(taken, 9000), inVain }
  }
}

test('within any ten seconds, and between any two answers, no more than the budget', () => {
  const step = fc.record({ ms: fc.nat(3000), events: fc.nat(200), wanted: fc.nat(300), isAnswered: fc.boolean() })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      for (const { part, retries, inVain } of played(steps)) {
        expect(retries).toBeLessThanOrEqual(100 + part)
        expect(inVain).toBeLessThanOrEqual(40 + part)
      }
    }),
  )
})

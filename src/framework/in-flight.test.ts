import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createInFlight } from './in-flight.ts'

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

const times = { quietMs: 100, limitMs: 1000 }

test('is quiet once nothing has come for a while', async () => {
  const inFlight = createInFlight()
  const leave = inFlight.enter()
  const quiet = watch(inFlight.quiet(times))

  await vi.advanceTimersByTimeAsync(500)
  expect(quiet.isOver()).toBe(false)
  leave()
  await vi.advanceTimersByTimeAsync(99)
  inFlight.enter()()
  await vi.advanceTimersByTimeAsync(99)
  expect(quiet.isOver()).toBe(false)
  await vi.advanceTimersByTimeAsync(1)

  expect(quiet.isOver()).toBe(true)
})

test('does not wait beyond the limit', async () => {
  const inFlight = createInFlight()
  inFlight.enter()
  const quiet = watch(inFlight.quiet(times))

  await vi.advanceTimersByTimeAsync(1000)

  expect(quiet.isOver()).toBe(true)
})

function watch(promise: Promise<void>) {
  let over = false
  promise.then(() => {
    over = true
  })
  return { isOver: () => over }
}

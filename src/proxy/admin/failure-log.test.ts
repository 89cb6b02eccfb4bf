import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createLog } from '../../shared/log.ts'
import { createFailureLog, plainCause, quietMs } from './failure-log.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function create() {
  const lines: Record<string, unknown>[] = []
  const log = createLog((line) => {
    const { time: _time, ...record } = JSON.parse(line)
    lines.push(record)
  })
  return { failures: createFailureLog(log), lines }
}

test('a class is told of at once, then by number each ten seconds, and is new after ten quiet ones', () => {
  const { failures, lines } = create()
  const add = () => failures.add('broken', 'warn', () => ({ replica: 'a:1' }))

  for (let sent = 0; sent < 100; sent += 1) add()
  expect(lines).toEqual([{ level: 'warn', message: 'failure', failure: 'broken', replica: 'a:1' }])
  vi.advanceTimersByTime(quietMs)
  expect(lines[1]).toEqual({ level: 'warn', message: 'failures go on', failure: 'broken', count: 99, seconds: 10 })
  add()
  vi.advanceTimersByTime(quietMs)
  expect(lines[2]).toMatchObject({ message: 'failures go on', count: 1 })
  vi.advanceTimersByTime(2 * quietMs)
  expect(lines).toHaveLength(3)
  expect(vi.getTimerCount()).toBe(0)
  add()
  expect(lines[3]).toMatchObject({ message: 'failure' })
})

test('each class has lines of its own, and the end says what was not said', () => {
  const { failures, lines } = create()
  for (const failure of ['broken', 'failed', 'broken', 'broken']) failures.add(failure, 'warn', () => ({}))
  expect(lines.map(({ failure }) => failure)).toEqual(['broken', 'failed'])

  failures.flush()
  expect(lines.slice(2)).toEqual([
    { level: 'warn', message: 'failures go on', failure: 'broken', count: 2, seconds: 10 },
  ])
  expect(vi.getTimerCount()).toBe(0)
})

test('a cause shows no header and no byte of a reply', () => {
  expect(plainCause('connect ECONNREFUSED 10.0.0.1:8080')).toBe('connect ECONNREFUSED 10.0.0.1:8080')
  expect(plainCause('Invalid character in header content ["x-secret"]')).toBe('Invalid character in header content […]')
  expect(plainCause(`reply "begins and does not end ${'x'.repeat(1000)}`)).toBe('reply …')
  expect(plainCause('one\nline\u0000 only ä')).toBe('one line  only  ')
  expect(plainCause('x'.repeat(1000))).toHaveLength(160)
})

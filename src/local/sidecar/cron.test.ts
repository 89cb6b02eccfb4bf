import { describe, expect, test } from 'vitest'
import { parseSchedule } from './cron.ts'

const local = (text: string): number => new Date(text).getTime()

const next = (schedule: string, after: string): string | undefined => {
  const dueMs = parseSchedule(schedule)?.(local(after))
  if (dueMs === undefined) return undefined
  const two = (value: number) => String(value).padStart(2, '0')
  const date = new Date(dueMs)
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${day}T${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}

describe('parseSchedule', () => {
  test.each([
    ['@every 1s', 1000],
    ['@every 200ms', 200],
    ['@every 1m30s', 90_000],
    ['@every 0.1ms', 1],
  ])('%s is every %d ms', (text, ms) => {
    expect(parseSchedule(text)?.(5000)).toBe(5000 + ms)
  })

  test.each([
    ['*/15 * * * *', '2026-03-04T10:07:30', '2026-03-04T10:15:00'],
    ['30 */10 * * * *', '2026-03-04T10:10:30', '2026-03-04T10:20:30'],
    ['0 9-17/4 * * *', '2026-03-04T14:00:00', '2026-03-04T17:00:00'],
    ['@daily', '2026-03-04T00:00:00', '2026-03-05T00:00:00'],
    ['0 0 29 2 *', '2026-03-04T10:00:00', '2028-02-29T00:00:00'],
    ['0 12 * * 7', '2026-03-04T10:00:00', '2026-03-08T12:00:00'],
    ['0 12 1 * 5', '2026-03-04T10:00:00', '2026-03-06T12:00:00'],
    ['0 0 30 2 *', '2026-03-04T10:00:00', undefined],
  ])('%s after %s is due at %s', (text, after, due) => {
    expect(next(text, after)).toBe(due)
  })

  test.each(['', 'soon', '@every', '@every 5', '* * * *', '60 * * * *', '*/0 * * * *', '5-1 * * * *', '0 0 0 * *'])(
    '%s is no schedule',
    (text) => {
      expect(parseSchedule(text)).toBeUndefined()
    },
  )
})

import { expect, test } from 'vitest'
import { ResetIds } from './reset-ids.ts'

const odd = (i: number) => 2 * i + 1

test('remembers the last four thousand streams, and no others', () => {
  const ids = new ResetIds()
  expect(ids.has(1)).toBe(false)
  for (let i = 0; i < 10_000; i += 1) ids.add(odd(i))

  expect(ids.has(odd(9999 - 4095))).toBe(true)
  expect(ids.has(odd(9999))).toBe(true)
  expect(ids.has(odd(9999 - 4096))).toBe(false)
  expect(ids.has(odd(10_000))).toBe(false)
})

test('of those that were opened meanwhile, only the ones that were reset', () => {
  const ids = new ResetIds()
  ids.add(odd(5))
  ids.add(odd(7))

  expect([4, 5, 6, 7, 8].map((i) => ids.has(odd(i)))).toEqual([false, true, false, true, false])
})

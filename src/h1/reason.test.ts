import { STATUS_CODES } from 'node:http'
import { expect, test } from 'vitest'
import { usualReason } from './reason.ts'

test.each([200, 400, 401, 404, 405, 408, 413, 431, 500, 501, 503, 504, 505])(
  '%d is said in the words of node:http',
  (status) => {
    expect(usualReason(status)).toBe(STATUS_CODES[status])
  },
)

test('any other code has no words', () => {
  expect([usualReason(299), usualReason(Number.NaN)]).toEqual(['', ''])
})

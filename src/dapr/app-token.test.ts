import { expect, test } from 'vitest'
import { isToken } from './app-token.ts'

test.each([
  [['s3cret'], true],
  [['s3cret', 's3cret'], true],
  [[], false],
  [[''], false],
  [['s3cre'], false],
  [['s3crets'], false],
  [['s3crets3cret'], false],
  [['S3cret'], false],
  [['s3cret', 'other!'], false],
])('%j', (brought, expected) => {
  expect(isToken('s3cret', brought)).toBe(expected)
})

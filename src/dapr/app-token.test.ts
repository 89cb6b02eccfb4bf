import { expect, test } from 'vitest'
import { isToken, tokensOf } from './app-token.ts'

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

test('is what fields of its name hold, in any case, and no other field', () => {
  const fields = ['a', 'dapr-api-token', 'dapr-api-token', 's', 'Dapr-Api-Token', 't', 'dapr-api-token-2', 'u']

  expect(tokensOf(fields)).toEqual(['s', 't'])
})

import { expect, test } from 'vitest'
import { canonicalQuantity, isQuantity } from './quantity.ts'

test.each([
  ['100m', '100m'],
  ['1000m', '1'],
  [2, '2'],
  [0.5, '500m'],
  ['0.5', '500m'],
  ['.5', '500m'],
  ['1.', '1'],
  ['0', '0'],
  ['0Mi', '0'],
  ['1024Mi', '1Gi'],
  ['1536Mi', '1536Mi'],
  ['1.5Gi', '1536Mi'],
  ['0.5Ki', '512'],
  ['1000', '1k'],
  ['1048576', '1048576'],
  ['64M', '64M'],
  ['+1', '1'],
  ['100000u', '100m'],
  ['1e3', '1e3'],
  ['many', 'many'],
  [true, true],
])('%j is stored as %j', (given, stored) => {
  expect(canonicalQuantity(given)).toBe(stored)
})

test.each(['100m', 2, 0.5, '.5', '1.', '0', '+1', '1.5Gi', '1e3', '2E-2'])('%j is a quantity', (given) => {
  expect(isQuantity(given)).toBe(true)
})

test.each(['', '.', 'many', '1 Gi', '1gi', '-1', -1, '1e100', '9'.repeat(65), true, {}, Number.NaN])(
  '%j is none',
  (given) => {
    expect(isQuantity(given)).toBe(false)
  },
)

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mark } from './mark.ts'

test('two contents have one mark only if they are the same', () => {
  const contents = [{}, [], '', null, true, 1, '1', [1], ['1'], { a: 1 }, { b: 1 }, { a: { b: 1 } }, [[1], 2], [[1, 2]]]

  expect(new Set(contents.map(mark)).size).toBe(contents.length)
  expect(mark({ a: 'x', b: 'y' })).not.toBe(mark({ a: 'y', b: 'x' }))
})

test('neither the order of keys nor what JSON leaves out changes it', () => {
  const reversed = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
    const entries = Object.entries(value).map(([key, field]) => [key, reversed(field)])
    return Object.fromEntries([...entries.reverse(), ['left out', undefined]])
  }
  fc.assert(
    fc.property(fc.jsonValue(), (content) => {
      expect(mark(reversed(content))).toBe(mark(content))
    }),
  )
})

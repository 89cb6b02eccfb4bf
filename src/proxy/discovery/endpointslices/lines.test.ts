import { expect, test } from 'vitest'
import { createLines } from './lines.ts'

const text = '{"a":"größe €"}\n\n{"b":"🚀"}\n{"c":'

test('lines are the same wherever the bytes were cut', () => {
  const bytes = Buffer.from(text)
  for (let one = 0; one <= bytes.length; one += 1) {
    for (let two = one; two <= bytes.length; two += 1) {
      const lines: string[] = []
      const take = createLines((line) => lines.push(line), 100)
      for (const piece of [bytes.subarray(0, one), bytes.subarray(one, two), bytes.subarray(two)]) take(piece)

      expect(lines).toEqual(['{"a":"größe €"}', '{"b":"🚀"}'])
    }
  }
})

test('a line of more than the bound is an error as soon as it is too long, not when it ends', () => {
  const lines: string[] = []
  const take = createLines((line) => lines.push(line), 4)

  take(Buffer.from('1234\n1234'))
  expect(() => take(Buffer.from('5'))).toThrow('more than 4 bytes')
  expect(lines).toEqual(['1234'])
})

import { expect, test } from 'vitest'
import { oncePer, oncePerPair } from './once-per.ts'

test('is made once for each object, and leaves no trace in it', () => {
  let calls = 0
  const sizeOf = oncePer((list: readonly string[]) => ({ size: list.length, call: ++calls }))
  const list = ['a', 'b']

  expect([sizeOf(list), sizeOf(list), sizeOf([...list])]).toEqual([
    { size: 2, call: 1 },
    { size: 2, call: 1 },
    { size: 2, call: 2 },
  ])
  expect([JSON.stringify(list), Object.keys(list)]).toEqual(['["a","b"]', ['0', '1']])
})

test('a copy of an object is another one', () => {
  const named = oncePer(({ name }: { name: string }) => ({ text: `of ${name}` }))
  const first = { name: 'a' }
  named(first)

  expect(named({ ...first, name: 'b' })).toEqual({ text: 'of b' })
})

test('two of them do not meet in one object', () => {
  const [one, two] = [oncePer((_: object) => ({ n: 1 })), oncePer((_: object) => ({ n: 2 }))]
  const key = {}

  expect([one(key), two(key), one(key)]).toEqual([{ n: 1 }, { n: 2 }, { n: 1 }])
})

test('of a second argument the last one counts', () => {
  let calls = 0
  const joined = oncePerPair(({ a }: { a: string }, b: string) => ({ text: a + b, call: ++calls }))
  const key = { a: 'a' }

  expect([joined(key, 'b'), joined(key, 'b'), joined(key, 'c'), joined({ a: 'x' }, 'c')]).toEqual([
    { text: 'ab', call: 1 },
    { text: 'ab', call: 1 },
    { text: 'ac', call: 2 },
    { text: 'xc', call: 3 },
  ])
})

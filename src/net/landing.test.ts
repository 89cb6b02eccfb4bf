import { expect, test } from 'vitest'
import { viewsOf } from './landing.ts'

test('a view is as long as the read, and shows what has landed last', () => {
  const landing = Buffer.alloc(8)
  const view = viewsOf(landing)
  const read = (text: string) => view(landing.write(text)).toString()

  expect(['one', 'two', 'seven', 'to', 'landings', 'one'].map(read)).toEqual([
    'one',
    'two',
    'seven',
    'to',
    'landings',
    'one',
  ])
})

test('reads in a row that are equally long share it', () => {
  const view = viewsOf(Buffer.alloc(8))

  expect(view(3)).toBe(view(3))
  expect(view(4)).not.toBe(view(3))
})

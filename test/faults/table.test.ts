// docs/faults.md tells the truth: every fault has a test, and every test that it names exists.

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const root = new URL('../../', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, root), 'utf8')

const rows = [...read('docs/faults.md').matchAll(/^\| (\d*) \| ([^|]*) \| \[([^\]]+)\]\(\.\.\/\3\): ([^|]+) \|$/gm)]
const lines = read('docs/faults.md')
  .split('\n')
  .filter((line) => line.startsWith('|'))

test('docs/faults.md has a row for each of the 36 faults, in order', () => {
  const numbers = rows.filter(([, number]) => number !== '').map(([, number]) => Number(number))

  expect(numbers).toEqual(Array.from({ length: 36 }, (_, index) => index + 1))
  // Besides the two lines of its head there is none that we cannot read.
  expect(rows).toHaveLength(lines.length - 2)
})

test.each(rows.map(([, , , file, title]) => [file, title] as const))('%s has the test "%s"', (file, title) => {
  expect(read(file as string)).toContain(`'${title}',`)
})

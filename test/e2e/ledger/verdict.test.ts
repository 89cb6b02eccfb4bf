// The checker is only worth what it notices: each test breaks a perfect ledger in one way.
import { describe, expect, test } from 'vitest'
import { type Handled, type Published, parseHandled, parsePublished } from './ledger.ts'
import { unevenness, verdict } from './verdict.ts'

const published: Published[] = Array.from({ length: 100 }, (_, index) => ({
  id: `e${index}`,
  key: `k${index % 5}`,
  atMs: index,
}))

function perfect(): Handled[] {
  return published.map(({ id, atMs }, index) => ({
    id,
    replica: `r${index % 4}`,
    attempt: 1,
    atMs: atMs + 1,
    version: '1',
  }))
}

describe('verdict', () => {
  test('finds nothing in a perfect ledger', () => {
    const found = verdict(published, perfect())

    expect(found).toMatchObject({ published: 100, handled: 100, missing: [], unknown: [], swapped: [] })
    expect(found.duplicates.size).toBe(0)
    expect(unevenness(found, 4)).toBe(0)
  })

  test('names a dropped event', () => {
    const handled = perfect().filter(({ id }) => id !== 'e42')

    expect(verdict(published, handled).missing).toEqual(['e42'])
  })

  test('names a doubled event and how often it came', () => {
    const handled = perfect()
    handled.push({ ...at(handled, 7), replica: 'r9' }, { ...at(handled, 7), attempt: 2 })

    expect([...verdict(published, handled).duplicates]).toEqual([['e7', 3]])
    expect(verdict(published, handled).missing).toEqual([])
  })

  test('names the pair of a key that came in the wrong order', () => {
    const handled = perfect()
    ;[handled[10], handled[15]] = [at(handled, 15), at(handled, 10)]

    expect(verdict(published, handled).swapped).toEqual([['e10', 'e15']])
  })

  test('does not mind the order of different keys', () => {
    const handled = perfect()
    ;[handled[10], handled[11]] = [at(handled, 11), at(handled, 10)]

    expect(verdict(published, handled).swapped).toEqual([])
  })

  test('does not take a redelivery for a wrong order', () => {
    const handled = [...perfect(), at(perfect(), 3)]

    expect(verdict(published, handled).swapped).toEqual([])
  })

  test('names an event that nobody published', () => {
    const handled = [...perfect(), { ...at(perfect(), 0), id: 'stranger' }]

    expect(verdict(published, handled).unknown).toEqual(['stranger'])
  })
})

describe('unevenness', () => {
  test('counts a replica that got nothing', () => {
    expect(unevenness(verdict(published, perfect()), 5)).toBe(1)
  })
})

describe('ledger files', () => {
  test('leave out a line that is still being written', () => {
    expect(parseHandled('a\tr1\t1\t5\t1\nb\tr2\t1')).toEqual([
      { id: 'a', replica: 'r1', attempt: 1, atMs: 5, version: '1' },
    ])
    expect(parsePublished('a\tk\t5\nb')).toEqual([{ id: 'a', key: 'k', atMs: 5 }])
  })
})

function at(handled: readonly Handled[], index: number): Handled {
  const entry = handled[index]
  if (entry === undefined) throw new Error(`no entry ${index}`)
  return entry
}

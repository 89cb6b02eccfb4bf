import { describe, expect, test } from 'vitest'
import { SliceTable } from './slice-table.ts'

const slice = (name: string, version: number | string, address = '10.0.0.1') => ({
  metadata: { name, resourceVersion: String(version) },
  addressType: 'IPv4',
  endpoints: [{ addresses: [address] }],
  ports: null,
})
const list = (version: number | string, ...items: object[]) => ({
  metadata: { resourceVersion: String(version) },
  items,
})
const known = (table: SliceTable) =>
  Object.fromEntries([...table.slices()].map(({ name, endpoints }) => [name, endpoints[0]?.host]))
const table = () => new SliceTable({ likely: 80 })

describe('a list', () => {
  test('is all there is', () => {
    const slices = table()
    slices.replace(list(10, slice('a', 1), slice('b', 2)), false)
    slices.replace(list(11, slice('b', 2)), false)

    expect([known(slices), slices.version]).toEqual([{ b: '10.0.0.1' }, '11'])
  })

  test('that is older than what is known changes nothing, unless it is definite', () => {
    const slices = table()
    slices.replace(list(10, slice('a', 5)), false)
    slices.apply('ADDED', slice('b', 20))

    expect(slices.replace(list(19, slice('a', 5)), false)).toBe(false)
    expect([Object.keys(known(slices)), slices.version]).toEqual([['a', 'b'], '20'])
    // etcd was restored from a copy: its versions begin anew.
    expect(slices.replace(list(3, slice('a', 2)), true)).toBe(true)
    expect([Object.keys(known(slices)), slices.version]).toEqual([['a'], '3'])
  })

  test.each([
    null,
    1,
    {},
    { items: [] },
    { metadata: {}, items: [] },
    { metadata: { resourceVersion: '1' }, items: 1 },
  ])('%j is none, and changes nothing', (answer) => {
    const slices = table()
    slices.replace(list(10, slice('a', 5)), false)

    expect(() => slices.replace(answer, true)).toThrow()
    expect(known(slices)).toEqual({ a: '10.0.0.1' })
  })
})

describe('an event', () => {
  test('adds, changes and deletes one slice, and tells the version', () => {
    const slices = table()
    slices.replace(list(1), false)
    slices.apply('ADDED', slice('a', 2))
    slices.apply('ADDED', slice('b', 3))
    slices.apply('MODIFIED', slice('a', 4, '10.0.0.9'))
    slices.apply('DELETED', slice('b', 5))
    slices.apply('BOOKMARK', { kind: 'EndpointSlice', metadata: { resourceVersion: '99' } })

    expect([known(slices), slices.version]).toEqual([{ a: '10.0.0.9' }, '99'])
  })

  test('that is older than what is known of its slice changes nothing, also after the end of the slice', () => {
    const slices = table()
    slices.replace(list(1), false)
    slices.apply('MODIFIED', slice('a', 5, '10.0.0.5'))
    slices.apply('MODIFIED', slice('a', 4, '10.0.0.4'))
    slices.apply('MODIFIED', slice('a', 5, '10.0.0.4'))
    slices.apply('DELETED', slice('a', 3))
    expect(known(slices)).toEqual({ a: '10.0.0.5' })

    slices.apply('DELETED', slice('a', 6))
    slices.apply('MODIFIED', slice('a', 5))
    expect(known(slices)).toEqual({})

    slices.apply('ADDED', slice('a', 7))
    expect(known(slices)).toEqual({ a: '10.0.0.1' })
  })

  test('with a version that is no number counts as new', () => {
    const slices = table()
    slices.replace(list('x', slice('a', 'y')), false)
    slices.apply('MODIFIED', slice('a', 'z', '10.0.0.2'))

    expect([known(slices), slices.version]).toEqual([{ a: '10.0.0.2' }, 'z'])
  })

  test.each([
    ['MODIFIED', null],
    ['MODIFIED', {}],
    ['WHAT', slice('a', 9)],
  ])('%s %j is none', (type, object) => {
    expect(() => table().apply(type, object)).toThrow()
  })

  test('the ends of slices are not remembered for ever', () => {
    const slices = table()
    slices.replace(list(1), false)
    for (let n = 2; n < 5000; n += 1) slices.apply('DELETED', slice(`f-${n}`, n))
    slices.apply('ADDED', slice('f-4998', 3))
    slices.apply('ADDED', slice('f-2', 2))

    expect(Object.keys(known(slices))).toEqual(['f-2'])
  })
})

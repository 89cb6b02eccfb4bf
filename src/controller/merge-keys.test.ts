import { expect, test } from 'vitest'
import { doubledEntries } from './merge-keys.ts'

test.each([
  [
    'one name for two rules',
    [
      { name: 'publish', protocol: 'http' },
      { name: 'publish', protocol: 'grpc' },
    ],
    'name',
  ],
  ['a port over two protocols', [{ containerPort: 53 }, { containerPort: 53, name: 'other' }], 'containerPort'],
  ['numbers and strings are one key', [{ port: 1 }, { port: '1' }], 'port'],
])('%s: the second would take the place of the first', (_what, list, key) => {
  expect(doubledEntries({ spec: { list } })).toEqual([
    { path: ['spec', 'list', 1], key, value: list[1]?.[key as never] },
  ])
})

test.each<[string, unknown[]]>([
  ['different names', [{ name: 'a' }, { name: 'b' }]],
  ['a key that one entry lacks', [{ name: 'a' }, { name: 'a', value: '1' }, { value: '2' }]],
  ['values', ['a', 'a']],
  ['what is no key', [{ name: { toString: null } }, { name: {} }]],
  [
    'two places of one volume, which only 1.5 would damage',
    [
      { name: 'data', mountPath: '/a' },
      { name: 'data', mountPath: '/b' },
    ],
  ],
])('%s: nothing is lost', (_what, list) => {
  expect(doubledEntries({ list })).toEqual([])
})

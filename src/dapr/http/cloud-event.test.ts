import fc from 'fast-check'
import { expect, test } from 'vitest'
import { identityOf, topLevelStrings } from './cloud-event.ts'

const request = (body: string, headers: string[] = []) => ({
  method: 'POST',
  path: '/orders',
  headers,
  body: Buffer.from(body),
})

test.each<[string, string[], object]>([
  ['{"id":"1","source":"s","partitionkey":"k","data":{"id":"2"}}', [], { id: '1', source: 's', partitionKey: 'k' }],
  ['{"data":[{"id":"no"},"}]"], "\\u0069d" : "\\u00fc\\"" }', [], { id: 'ü"' }],
  ['{"id":7,"source":null,"partitionkey":["k"]}', [], {}],
  ['{"id":"1","id":"2"}', ['__key', 'k'], { id: '2', partitionKey: 'k' }],
  [
    '{"id":"body"}',
    ['Ce_specversion', '1.0', 'Ce_Id', '1', 'Ce_Source', 's', 'ce_partitionkey', 'k'],
    { id: '1', source: 's', partitionKey: 'k' },
  ],
  ['{"id":"body"}', ['ce-specversion', '1.0', 'ce-id', '1'], { id: '1' }],
  ['[{"id":"1"}]', [], {}],
  ['{"id":"1', [], {}],
  ['', [], {}],
])('%s %j is known by %j', (body, headers, identity) => {
  expect(identityOf(request(body, headers))).toEqual({ path: '/orders', ...identity })
})

test('finds what JSON.parse finds', () => {
  const key = fc.oneof(fc.constantFrom('id', 'source', 'partitionkey', 'data'), fc.string())
  const object = fc.dictionary(key, fc.oneof(fc.string(), fc.jsonValue()), { noNullPrototype: true })
  const blank = fc.constantFrom(undefined, 1, '\t')
  fc.assert(
    fc.property(object, blank, (value, indent) => {
      const text = JSON.stringify(value, undefined, indent)
      const found = topLevelStrings(Buffer.from(text))
      for (const name of ['id', 'source', 'partitionkey'] as const) {
        const parsed = Object.hasOwn(value, name) ? (JSON.parse(text) as Record<string, unknown>)[name] : undefined
        expect(found[name]).toBe(typeof parsed === 'string' ? parsed : undefined)
      }
    }),
    { numRuns: 2000 },
  )
})

test('comes to an end on whatever bytes there are', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc
      .array(fc.constantFrom('{', '}', '[', ']', '"', '\\', ',', ':', 'id', ' '), { maxLength: 40 })
      .map((parts) => Buffer.from(parts.join(''))),
  )
  fc.assert(
    fc.property(bytes, (some) => {
      topLevelStrings(Buffer.from(some))
    }),
    { numRuns: 10_000 },
  )
})

import { expect, test } from 'vitest'
import { decodeByContent, decodeData, encodeData } from './payload.ts'

const binary = Buffer.from([0xff, 0xfe, 0])

test.each<[string, Buffer, string | undefined, unknown]>([
  ['JSON', Buffer.from('{"a":1}'), 'application/json; charset=utf-8', { a: 1 }],
  ['a CloudEvent', Buffer.from('{"a":1}'), 'application/cloudevents+json', { a: 1 }],
  ['text that looks like JSON', Buffer.from('123'), 'text/plain', '123'],
  ['XML', Buffer.from('<a/>'), 'application/xml', '<a/>'],
  ['bytes that look like JSON', Buffer.from('123'), 'application/octet-stream', Buffer.from('123')],
  ['an unknown type', Buffer.from('123'), 'image/png', Buffer.from('123')],
  ['JSON without a type', Buffer.from('[1]'), undefined, [1]],
  ['text without a type', Buffer.from('hé'), '', 'hé'],
  ['bytes without a type', binary, undefined, binary],
  ['JSON that does not parse', Buffer.from('{'), 'application/json', '{'],
  ['nothing', Buffer.alloc(0), 'application/json', {}],
])('decodes %s', (_what, bytes, contentType, data) => {
  expect(decodeData(bytes, contentType)).toEqual(data)
})

test('decodes the body of a binding by its content', () => {
  expect(decodeByContent(Buffer.from('true'))).toBe(true)
})

test.each<[unknown, string, string]>([
  [{ a: 1 }, '{"a":1}', 'application/json'],
  [0, '0', 'application/json'],
  ['text', 'text', 'text/plain; charset=utf-8'],
  [new Uint8Array([104, 105]), 'hi', 'application/octet-stream'],
  [undefined, '', 'application/json'],
  [null, '', 'application/json'],
  [() => {}, '', 'application/json'],
])('encodes %j', (value, text, contentType) => {
  const encoded = encodeData(value)

  expect([encoded.bytes.toString(), encoded.contentType]).toEqual([text, contentType])
})

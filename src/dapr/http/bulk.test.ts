import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bulkEntryIds, withEveryEntry } from './bulk.ts'
import type { HttpReply } from './message.ts'

const replyOf = (body: Buffer | string, headers: string[] = []): HttpReply => ({
  status: 200,
  headers,
  body: Buffer.from(body),
})
const requestOf = (body: Buffer | string, type = 'application/json') => ({
  method: 'POST',
  path: '/orders',
  headers: ['Content-Type', type],
  body: Buffer.from(body),
})
const bulk = '{"id":"b","entries":[{"entryId":"1","event":{}},{"entryId":"2","event":{}}]}'

test.each([
  ['a bulk event', requestOf(bulk), ['1', '2']],
  ['one without entries', requestOf('{"entries":[],"entryId":"x"}'), []],
  ['a CloudEvent that looks like one', requestOf(bulk, 'application/cloudevents+json'), undefined],
  ['what has no list', requestOf('{"entries":{"entryId":"1"}}'), undefined],
  ['an entry without an id', requestOf('{"entries":[{"entryId":"1"},{}]}'), undefined],
  ['no JSON', requestOf('"entryId'), undefined],
])('%s', (_what, request, ids) => {
  expect(bulkEntryIds(request)).toEqual(ids)
})

const word = fc.record({
  entryId: fc.constantFrom('1', '2', '3'),
  status: fc.constantFrom('SUCCESS', 'RETRY', 'DROP', ''),
})

test('each entry has a word afterwards, and those that were said stand', () => {
  fc.assert(
    fc.property(fc.array(word), (statuses) => {
      const said = replyOf(JSON.stringify({ statuses }))
      const { verdict, reply } = withEveryEntry(['1', '2'], said)
      const now = (JSON.parse(reply.body.toString()) as { statuses: typeof statuses }).statuses
      expect(now.slice(0, statuses.length)).toEqual(statuses)
      for (const id of ['1', '2']) expect(now.some(({ entryId }) => entryId === id)).toBe(true)
      const isGood = now.every(({ status }) => status === 'SUCCESS' || status === 'DROP')
      expect(verdict === 'retry').toBe(!isGood)
      if (now.length === statuses.length) expect(reply).toBe(said)
    }),
  )
})

test('no bytes at all make it throw', () => {
  const text = fc.oneof(
    fc.json().map((json) => Buffer.from(json)),
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  )
  fc.assert(
    fc.property(text, text, (asked, said) => {
      bulkEntryIds(requestOf(Buffer.concat([asked, Buffer.from('"entryId"')])))
      bulkEntryIds(requestOf(asked))
      withEveryEntry(['1'], replyOf(said))
    }),
    { numRuns: 2000 },
  )
})

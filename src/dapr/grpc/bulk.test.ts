import fc from 'fast-check'
import { expect, test } from 'vitest'
import { appCallback } from '../../../test/support/proto.ts'
import { bulkVerdict } from './bulk.ts'
import { frame } from './wire.ts'

const { requestSerialize, responseSerialize } = appCallback.OnBulkTopicEvent as (typeof appCallback)[string]

type Status = 'SUCCESS' | 'RETRY' | 'DROP' | number

const requestOf = (...ids: readonly string[]): Buffer =>
  frame(requestSerialize({ id: 'bulk', entries: ids.map((entry_id) => ({ entry_id, bytes: Buffer.from('{}') })) }))

const replyOf = (...statuses: readonly (readonly [id: string, status: Status])[]): Buffer =>
  frame(responseSerialize({ statuses: statuses.map(([entry_id, status]) => ({ entry_id, status })) }))

test.each<[string, Buffer, string]>([
  ['all that succeeded is a success', replyOf(['a', 'SUCCESS'], ['b', 'SUCCESS']), 'success'],
  ['one that is dropped is worse', replyOf(['a', 'DROP'], ['b', 'SUCCESS']), 'drop'],
  ['one that is to be delivered again is worst', replyOf(['a', 'RETRY'], ['b', 'DROP']), 'retry'],
  ['a status that daprd does not know', replyOf(['a', 9], ['b', 'SUCCESS']), 'retry'],
  ['a negative one', replyOf(['a', -1], ['b', 'SUCCESS']), 'retry'],
  ['an entry that is left out', replyOf(['a', 'SUCCESS']), 'retry'],
  ['a word on somebody else', replyOf(['a', 'SUCCESS'], ['c', 'SUCCESS']), 'retry'],
  ['no word at all', replyOf(), 'retry'],
  ['no message', Buffer.alloc(0), 'retry'],
  ['a compressed answer, of which only the status can be read', Buffer.from([1, 0, 0, 0, 1, 0]), 'success'],
])('%s', (_what, reply, verdict) => {
  expect(bulkVerdict(requestOf('a', 'b'), reply)).toBe(verdict)
})

test('of an answer that is cut short, the entries that are there speak for all', () => {
  const failed = replyOf(['a', 'SUCCESS'], ['b', 'RETRY'], ['c', 'SUCCESS'])
  const fine = replyOf(['a', 'SUCCESS'], ['b', 'SUCCESS'], ['c', 'SUCCESS'])

  expect(bulkVerdict(Buffer.alloc(0), failed.subarray(0, -2))).toBe('retry')
  expect(bulkVerdict(requestOf('a', 'b', 'c', 'd'), fine.subarray(0, -2))).toBe('success')
})

test('the answer to a request that cannot be read says it alone', () => {
  expect(bulkVerdict(Buffer.from([1, 0, 0, 0, 1, 0]), replyOf(['a', 'SUCCESS']))).toBe('success')
})

test('no bytes at all make it throw, also such as begin like an answer', () => {
  const answer = replyOf(['a', 'SUCCESS'], ['b', 'DROP'])
  const bytes = fc.uint8Array({ maxLength: 60 }).map((each) => Buffer.from(each))
  const mangled = fc
    .tuple(fc.nat(answer.length), bytes)
    .map(([end, rest]) => Buffer.concat([answer.subarray(0, end), rest]))
  fc.assert(
    fc.property(fc.oneof(bytes, mangled), fc.oneof(bytes, mangled), (request, reply) => {
      expect(['success', 'retry', 'drop']).toContain(bulkVerdict(request, reply))
    }),
    { numRuns: 2000 },
  )
})

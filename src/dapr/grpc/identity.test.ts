import { expect, test } from 'vitest'
import { appCallback } from '../../../test/support/proto.ts'
import { identityOf } from './identity.ts'
import { frame } from './wire.ts'

const requestOf = (event: object, headers: readonly string[] = []) => ({
  path: '',
  headers,
  body: frame(appCallback.OnTopicEvent?.requestSerialize(event) as Buffer),
})

const event = { id: '7', source: 'shop', data: Buffer.from('x'), topic: 'orders', pubsub_name: 'bus' }

test('an event is named by its id and source, and by its path if the topic has several', () => {
  expect(identityOf(requestOf(event))).toEqual({ id: '7', source: 'shop' })
  expect(identityOf(requestOf({ ...event, path: '/urgent' })).path).toBe('/urgent')
})

test.each([
  ['its extension', { partitionkey: { stringValue: 'k1' } }, [], 'k1'],
  ['the metadata of the broker', {}, ['__key', 'k2'], 'k2'],
  ['its extension first', { other: { stringValue: 'no' }, partitionkey: { stringValue: 'k1' } }, ['__key', 'k2'], 'k1'],
  ['no number', { partitionkey: { numberValue: 5 } }, [], undefined],
] as const)('its key is %s', (_what, fields, headers, partitionKey) => {
  const request = requestOf({ ...event, extensions: { fields } }, headers)

  expect(identityOf(request).partitionKey).toBe(partitionKey)
})

test('a bulk event has an id, and no source: what lies there are its entries', () => {
  const bulk = { id: '7', entries: [{ entry_id: 'a', bytes: Buffer.from('secret') }], topic: 'orders' }
  const body = frame(appCallback.OnBulkTopicEvent?.requestSerialize(bulk) as Buffer)

  expect(identityOf({ path: appCallback.OnBulkTopicEvent?.path as string, headers: [], body })).toEqual({ id: '7' })
})

test.each([
  ['nothing', Buffer.alloc(0)],
  ['a compressed message', Buffer.from([1, 0, 0, 0, 1, 0])],
  ['no message', frame(Buffer.from([255, 255]))],
])('%s has no identity', (_what, body) => {
  expect(identityOf({ path: '', headers: ['__key', 'k'], body })).toEqual({})
})

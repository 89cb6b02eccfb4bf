import fc from 'fast-check'
import { expect, test } from 'vitest'
import { appCallback } from '../../../test/support/proto.ts'
import { inputsOf } from '../inputs.ts'
import { createRouteOf, inputBindings, topicSubscriptions } from './methods.ts'
import { firstMessage, frame, readFields } from './wire.ts'

const context = {
  name: 'f',
  version: '',
  runtime: 'Async',
  port: '80',
  inputs: {
    a: { uri: 'töpic', componentName: 'bus', componentType: 'pubsub.redis', metadata: { deadLetterTopic: 'dead' } },
    b: { uri: 'x'.repeat(300), componentName: 'bus', componentType: 'pubsub.redis' },
    c: { componentName: 'tick', componentType: 'bindings.cron' },
  },
} as const

const inputs = inputsOf(context)

test('protobuf itself reads our replies', () => {
  const topics = appCallback.ListTopicSubscriptions?.responseDeserialize(topicSubscriptions(inputs))
  const bindings = appCallback.ListInputBindings?.responseDeserialize(inputBindings(inputs))

  expect(topics).toMatchObject({
    subscriptions: [
      { pubsub_name: 'bus', topic: 'töpic', dead_letter_topic: 'dead' },
      { pubsub_name: 'bus', topic: 'x'.repeat(300), dead_letter_topic: '' },
    ],
  })
  expect(bindings).toEqual({ bindings: ['tick'] })
})

test('we read what protobuf writes', () => {
  const routeOf = createRouteOf(inputs)
  const call = (method: string, request: object) =>
    routeOf(
      `/dapr.proto.runtime.v1.AppCallback/${method}`,
      frame(appCallback[method]?.requestSerialize(request) as Buffer),
    )

  const event = { id: '1', data: Buffer.from([255]), pubsub_name: 'bus', topic: 'töpic', extensions: { fields: {} } }
  expect(call('OnTopicEvent', event)).toMatchObject({ kind: 'topic', name: 'bus/töpic' })
  expect(call('OnTopicEvent', { ...event, topic: 'else' })).toEqual({ kind: 'topic', name: '' })
  expect(call('OnBindingEvent', { name: 'tick', metadata: { name: 'x' } })).toMatchObject({
    kind: 'binding',
    name: 'tick',
  })
  expect(call('OnInvoke', { method: 'm' })).toEqual({ kind: 'invoke', name: '' })
})

test('no bytes at all make it throw, and none are read beyond their end', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      readFields(Buffer.from(bytes), [1, 6, 8])
      const message = firstMessage(Buffer.from(bytes))
      expect(message === undefined || message.length <= bytes.length).toBe(true)
    }),
    { numRuns: 2000 },
  )
})

test('a message that is compressed or cut short is not read', () => {
  const whole = frame(Buffer.from('abc'))
  expect(firstMessage(whole)?.toString()).toBe('abc')
  expect(firstMessage(whole.subarray(0, 7))).toBeUndefined()
  expect(firstMessage(Buffer.concat([Buffer.from([1]), whole.subarray(1)]))).toBeUndefined()
})

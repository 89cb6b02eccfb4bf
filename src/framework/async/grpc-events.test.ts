import { fileURLToPath } from 'node:url'
import { loadSync, type MethodDefinition } from '@grpc/proto-loader'
import { expect, test } from 'vitest'
import { patientSender } from '../../dapr/departure.ts'
import type { Event, Route } from '../../dapr/event.ts'
import type { GrpcReply, GrpcRequest } from '../../dapr/grpc/message.ts'
import { firstMessage, frame } from '../../dapr/grpc/wire.ts'
import { silentLog } from '../../shared/log.ts'
import type { EventSource } from '../context.ts'
import { loadCallbackCodec } from './callback-codec.ts'
import { createGrpcHandler } from './grpc-events.ts'
import { createRunEvent } from './run-event.ts'

// Dapr's own file, as the SDK ships it, so that ours is held against it.
const definitions = loadSync('dapr/proto/runtime/v1/appcallback.proto', {
  includeDirs: [fileURLToPath(new URL('../../../node_modules/@dapr/dapr/proto', import.meta.url))],
  enums: String,
})
const dapr = definitions['dapr.proto.runtime.v1.AppCallback'] as unknown as Record<
  'OnTopicEvent' | 'OnBindingEvent',
  MethodDefinition<object, { status?: string; data?: Buffer }>
>

const codec = loadCallbackCodec()
const orders: Route = { kind: 'topic', name: 'bus/orders', pubsub: 'bus', topic: 'orders' }
const cron: Route = { kind: 'binding', name: 'cron' }

test.each<[string, string, unknown]>([
  ['{"a":1}', 'application/json', { a: 1 }],
  ['123', 'text/plain', '123'],
  ['123', 'application/octet-stream', Buffer.from('123')],
  ['', 'application/json', {}],
])('decodes %j of %s', async (text, dataContentType, data) => {
  const { data: received } = await receive(orders, topicEvent({ data: Buffer.from(text), dataContentType }))

  expect(received).toEqual(data)
})

test('tells where a topic event came from, with its extensions and without the token', async () => {
  const extensions = {
    fields: {
      subject: { stringValue: 's' },
      n: { numberValue: 2 },
      yes: { boolValue: true },
      nothing: { nullValue: 'NULL_VALUE' },
      list: { listValue: { values: [{ numberValue: 1 }, { structValue: { fields: { a: { stringValue: 'b' } } } }] } },
    },
  }
  const body = topicEvent({
    id: '7',
    source: 'app',
    type: 't',
    specVersion: '1.0',
    topic: 'orders',
    pubsubName: 'bus',
    extensions,
  })

  const { event } = await receive(orders, body, [
    'content-type',
    'application/grpc',
    'dapr-api-token',
    'x',
    '__key',
    'k1',
  ])

  expect(event).toEqual({
    kind: 'topic',
    component: 'bus',
    topic: 'orders',
    attributes: {
      ...{ id: '7', source: 'app', type: 't', specversion: '1.0', datacontenttype: '' },
      ...{ subject: 's', n: 2, yes: true, nothing: null, list: [1, { a: 'b' }] },
    },
    metadata: { __key: 'k1' },
  })
})

test('tells where a binding event came from', async () => {
  const request = { name: 'cron', data: Buffer.from('[1]'), metadata: { readTimeUTC: 'now' } }
  const { event, data } = await receive(cron, frame(dapr.OnBindingEvent.requestSerialize(request)))

  expect(data).toEqual([1])
  expect(event).toEqual({ kind: 'binding', component: 'cron', attributes: {}, metadata: { readTimeUTC: 'now' } })
})

test.each<[string, () => unknown, string, string]>([
  ['returns nothing', () => undefined, 'SUCCESS', 'success'],
  ['returns RETRY', () => 'RETRY', 'RETRY', 'retry'],
  ['returns a status', () => ({ status: 'DROP' }), 'DROP', 'drop'],
  ['throws', () => Promise.reject(new Error('x')), 'RETRY', 'failed'],
])('a topic function that %s', async (_what, act, status, verdict) => {
  const outcome = await answer(orders, act, topicEvent({}))

  expect(outcome.verdict).toBe(verdict)
  expect(statusOf(outcome.reply)).toBe('0')
  expect(dapr.OnTopicEvent.responseDeserialize(messageOf(outcome.reply)).status ?? 'SUCCESS').toBe(status)
})

test('a binding function gives its data back', async () => {
  const { reply } = await answer(cron, () => ({ a: 1 }), bindingEvent)

  expect(dapr.OnBindingEvent.responseDeserialize(messageOf(reply)).data?.toString()).toBe('{"a":1}')
})

test.each<[string, () => unknown]>([
  ['throws', () => Promise.reject(new Error('secret'))],
  ['asks for a retry', () => 'RETRY'],
])('a binding function that %s fails without telling why', async (_what, act) => {
  const { reply } = await answer(cron, act, bindingEvent)

  expect(statusOf(reply)).toBe('2')
  expect(reply.trailers.join()).not.toContain('secret')
})

// daprd takes UNIMPLEMENTED for "done", so it must be given to nothing that is an event.
test.each([
  ['compressed', Buffer.from([1, 0, 0, 0, 1, 0])],
  ['cut short', Buffer.from([0, 0, 0, 0, 9, 0])],
  ['empty', Buffer.alloc(0)],
  ['no such message', frame(Buffer.from([0xff, 0xff, 0xff]))],
])('a message that is %s is refused with INTERNAL', async (_what, body) => {
  expect(statusOf((await answer(orders, () => 'unreached', body)).reply)).toBe('13')
})

test('what is no event is not the function’s', async () => {
  expect(statusOf((await answer({ kind: 'invoke', name: '' }, () => 1, Buffer.alloc(0))).reply)).toBe('12')
})

const topicEvent = (request: object) => frame(dapr.OnTopicEvent.requestSerialize(request))
const bindingEvent = frame(dapr.OnBindingEvent.requestSerialize({ name: 'cron' }))

async function receive(route: Route, body: Buffer, headers: readonly string[] = []) {
  let received: { event: EventSource; data: unknown } | undefined
  const handler = createGrpcHandler(async (event, data) => {
    received = { event, data }
    return { verdict: 'success', reply: { bytes: Buffer.alloc(0), contentType: '' } }
  }, codec)
  await handler(eventOf(route, { path: '', headers, body }))
  return received as { event: EventSource; data: unknown }
}

async function answer(route: Route, act: () => unknown, body: Buffer) {
  const run = createRunEvent(act, ((trigger: object) => trigger) as never, silentLog)
  const outcome = await createGrpcHandler(run, codec)(eventOf(route, { path: '', headers: [], body }))
  return outcome
}

const eventOf = (route: Route, message: GrpcRequest): Event<GrpcRequest> => ({
  route,
  message,
  sender: patientSender,
})

const statusOf = ({ trailers }: GrpcReply) => trailers[trailers.indexOf('grpc-status') + 1]

const messageOf = ({ body }: GrpcReply) => firstMessage(body) as Buffer

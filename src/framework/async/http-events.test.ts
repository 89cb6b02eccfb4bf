import { expect, test } from 'vitest'
import { patientSender } from '../../dapr/departure.ts'
import type { Event, Route } from '../../dapr/event.ts'
import type { HttpRequest } from '../../dapr/http/message.ts'
import { silentLog } from '../../shared/log.ts'
import type { EventSource } from '../context.ts'
import { createHttpHandler } from './http-events.ts'
import { createRunEvent } from './run-event.ts'

const orders: Route = { kind: 'topic', name: 'bus/orders', pubsub: 'bus', topic: 'orders' }
const cron: Route = { kind: 'binding', name: 'cron' }

test.each<[string, unknown, unknown]>([
  ['its data', { specversion: '1.0', data: { a: 1 } }, { a: 1 }],
  ['data that is falsy', { specversion: '1.0', data: 0 }, 0],
  ['an empty text', { specversion: '1.0', data: '' }, ''],
  ['an envelope without version', { data: [1], topic: 'orders' }, [1]],
  ['base64 of bytes', { specversion: '1.0', data_base64: 'AP8=' }, Buffer.from([0, 255])],
  ['base64 of text', { specversion: '1.0', datacontenttype: 'text/plain', data_base64: 'aGk=' }, 'hi'],
  [
    'base64 of JSON',
    { specversion: '1.0', datacontenttype: 'application/json', data_base64: 'eyJhIjoxfQ==' },
    { a: 1 },
  ],
  ['no data at all', { specversion: '1.0', id: '1' }, {}],
  ['an object that is no envelope', { order: 7 }, { order: 7 }],
])('a CloudEvent is unwrapped: %s', async (_what, body, data) => {
  expect((await receive(orders, { body: JSON.stringify(body) })).data).toEqual(data)
})

test('a CloudEvent in binary mode keeps its body, even one that looks like an envelope', async () => {
  const { data } = await receive(orders, { body: '{"data":1,"b":2}', headers: ['Ce_Specversion', '1.0'] })

  expect(data).toEqual({ data: 1, b: 2 })
})

test('a body that is no JSON is text or bytes', async () => {
  expect((await receive(orders, { body: 'plain' })).data).toBe('plain')
  expect((await receive(cron, { body: Buffer.from([255]) })).data).toEqual(Buffer.from([255]))
})

test('tells where an event came from, without the token', async () => {
  const headers = ['Dapr-Api-Token', 'secret', '__Key', 'k1']
  const body = JSON.stringify({ specversion: '1.0', id: '7', data: 1, data_base64: '', custom: { x: 1 } })

  const { event } = await receive(orders, { body, headers })

  expect(event).toEqual({
    kind: 'topic',
    component: 'bus',
    topic: 'orders',
    attributes: { specversion: '1.0', id: '7', custom: { x: 1 } },
    metadata: { __key: 'k1' },
  })
})

test.each<[unknown, string, string]>([
  [undefined, 'SUCCESS', 'success'],
  ['RETRY', 'RETRY', 'retry'],
  ['DROP', 'DROP', 'drop'],
  [{ status: 'DROP' }, 'DROP', 'drop'],
  // An unknown status would be delivered again for ever.
  [{ status: 'ok' }, 'SUCCESS', 'success'],
  ['constructor', 'SUCCESS', 'success'],
])('a topic function that returns %j', async (value, status, verdict) => {
  const outcome = await answer(orders, () => value)

  expect(outcome).toMatchObject({ verdict, reply: { status: 200 } })
  expect(outcome.body).toBe(JSON.stringify({ status }))
})

test('a topic function that throws is to be tried again', async () => {
  const outcome = await answer(orders, () => Promise.reject(new Error('secret')))

  expect(outcome).toMatchObject({ verdict: 'failed', reply: { status: 200 }, body: '{"status":"RETRY"}' })
})

test.each<[unknown, number, string]>([
  [{ a: 1 }, 200, '{"a":1}'],
  ['text', 200, 'text'],
  [undefined, 200, ''],
  [{ status: 'DROP' }, 200, '{"status":"DROP"}'],
  ['RETRY', 500, '{"error":"the function asked for a retry"}'],
])('a binding function that returns %j', async (value, status, body) => {
  expect(await answer(cron, () => value)).toMatchObject({ reply: { status }, body })
})

test.each([[() => Promise.reject(new Error('secret'))], [() => ({ big: 1n })]])(
  'a binding function that fails answers 500 and nothing else',
  async (act) => {
    expect(await answer(cron, act)).toMatchObject({
      verdict: 'failed',
      reply: { status: 500 },
      body: '{"error":"the function failed"}',
    })
  },
)

test('what is no event is not the function’s', async () => {
  const ran = () => {
    throw new Error('must not run')
  }

  expect(await answer({ kind: 'invoke', name: '' }, ran)).toMatchObject({ reply: { status: 404 } })
  expect(await answer(orders, ran, 'GET')).toMatchObject({ reply: { status: 405 } })
})

interface Sent {
  readonly body: string | Buffer
  readonly headers?: readonly string[]
}

async function receive(route: Route, { body, headers = [] }: Sent): Promise<{ event?: EventSource; data: unknown }> {
  let received: { event: EventSource; data: unknown } | undefined
  const handler = createHttpHandler(async (event, data) => {
    received = { event, data }
    return { verdict: 'success', reply: { bytes: Buffer.alloc(0), contentType: '' } }
  })
  await handler(eventOf(route, { method: 'POST', path: '/', headers, body: Buffer.from(body) }))
  return received as { event: EventSource; data: unknown }
}

async function answer(route: Route, act: () => unknown, method = 'POST') {
  const run = createRunEvent(act, ((trigger: object) => trigger) as never, silentLog)
  const outcome = await createHttpHandler(run)(
    eventOf(route, { method, path: '/', headers: [], body: Buffer.alloc(0) }),
  )
  return { ...outcome, body: outcome.reply.body.toString() }
}

function eventOf(route: Route, message: HttpRequest): Event<HttpRequest> {
  return { route, message, sender: patientSender }
}

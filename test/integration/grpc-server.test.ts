// The server of the gRPC app channel by itself, with a handler that is not the proxy's.

import { connect, constants, type IncomingHttpHeaders } from 'node:http2'
import { expect, onTestFinished, test } from 'vitest'
import type { Event, EventHandler, Route } from '../../src/dapr/event.ts'
import { messageReply } from '../../src/dapr/grpc/answers.ts'
import type { GrpcMessage } from '../../src/dapr/grpc/message.ts'
import { createGrpcServer } from '../../src/dapr/grpc/server.ts'
import { bytesField, frame } from '../../src/dapr/grpc/wire.ts'
import type { Inputs } from '../../src/dapr/inputs.ts'
import { type AppServerOptions, unlimitedMemory } from '../../src/dapr/server.ts'
import { appCallback } from '../support/proto.ts'

const orders: Route = { kind: 'topic', name: 'bus/orders', pubsub: 'bus', topic: 'orders' }
const inputs: Inputs = { topics: [{ pubsub: 'bus', topic: 'orders', path: '/orders', route: orders }], bindings: [] }
const service = '/dapr.proto.runtime.v1.AppCallback'
const health = '/dapr.proto.runtime.v1.AppCallbackHealthCheck/HealthCheck'

/** Answers each event with what it was given. */
async function startServer(options: Partial<AppServerOptions<GrpcMessage>> & { readonly isApp?: boolean } = {}) {
  const events: { readonly event: Event<GrpcMessage>; readonly body: string }[] = []
  const handler: EventHandler<GrpcMessage> = async (event) => {
    events.push({ event, body: event.message.body.toString('latin1') })
    event.message.answer(messageReply(Buffer.from('done')))
    return { kind: 'answered', verdict: 'success' }
  }
  const { isApp = false, ...others } = options
  const common = { handler, isHealthy: () => true, maxEventBytes: 1000, memory: unlimitedMemory, ...others }
  // In front of an app nothing is known of its inputs.
  const server = createGrpcServer({ ...common, inputs: (isApp ? undefined : inputs) as Inputs })
  const port = await server.listen(0, '127.0.0.1')
  const session = connect(`http://127.0.0.1:${port}`)
  onTestFinished(async () => {
    session.destroy()
    await server.close()
  })
  return { events, server, session }
}

type Session = Awaited<ReturnType<typeof startServer>>['session']

async function call(session: Session, path: string, body: Buffer, headers: IncomingHttpHeaders = {}) {
  const stream = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', ...headers })
  const chunks: Buffer[] = []
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  let got: IncomingHttpHeaders = {}
  stream.on('response', (fields) => {
    got = { ...got, ...fields }
  })
  stream.on('trailers', (fields) => {
    got = { ...got, ...fields }
  })
  stream.on('error', () => {})
  stream.end(body)
  await new Promise((resolve) => stream.once('close', resolve))
  return { status: got['grpc-status'], httpStatus: got[':status'], body: Buffer.concat(chunks) }
}

const topicEvent = (request: object) => frame(appCallback.OnTopicEvent?.requestSerialize(request) as Buffer)

test('an event has its route, its identity, its headers and its whole body', async () => {
  const { events, session } = await startServer()
  const bytes = topicEvent({ id: '7', source: 's', topic: 'orders', pubsub_name: 'bus', data: Buffer.from('x') })

  const answer = await call(session, `${service}/OnTopicEvent`, bytes, { 'x-a': '1', 'grpc-timeout': '5S' })

  expect([answer.status, answer.body]).toEqual(['0', frame(Buffer.from('done'))])
  const { event, body } = events[0] as (typeof events)[0]
  expect([event.route, event.identity?.(), body]).toEqual([orders, { id: '7', source: 's' }, bytes.toString('latin1')])
  expect(event.message.headers).toEqual(expect.arrayContaining(['x-a', '1', 'grpc-timeout', '5S']))
  expect((event.deadlineMs as number) - performance.now()).toBeLessThanOrEqual(5000)
})

test.each([`${service}/OnBulkTopicEvent`, `${service}Alpha/OnBulkTopicEventAlpha1`])(
  '%s is an event of its topic',
  async (path) => {
    const { events, session } = await startServer()

    await call(session, path, frame(Buffer.concat([bytesField(4, 'orders'), bytesField(5, 'bus')])))

    expect(events[0]?.event.route).toEqual(orders)
  },
)

test('in front of an app all of daprd’s questions go to it', async () => {
  const { events, session } = await startServer({ isApp: true })

  for (const path of [`${service}/ListTopicSubscriptions`, `${service}/ListInputBindings`, health]) {
    expect((await call(session, path, frame(Buffer.alloc(0)))).body).toEqual(frame(Buffer.from('done')))
  }
  await call(session, `${service}/OnTopicEvent`, topicEvent({ topic: 'any', pubsub_name: 'bus' }))

  expect(events.map(({ event }) => event.route.kind)).toEqual(['invoke', 'invoke', 'invoke', 'topic'])
  // What a request says never becomes a name.
  expect(events.at(-1)?.event.route.name).toBe('')
})

test('in front of an app its health counts until ours ends', async () => {
  const { events, session } = await startServer({ isApp: true, isHealthy: () => false })

  expect((await call(session, health, frame(Buffer.alloc(0)))).status).toBe('14')
  expect(events).toEqual([])
})

test('an event above the limit is refused, and its rest is not waited for', async () => {
  const refused: [Route, string][] = []
  const { events, session } = await startServer({ onRefused: (...what) => refused.push(what) })

  const answer = await call(session, `${service}/OnTopicEvent`, Buffer.alloc(200_000))

  expect(answer.status).toBe('8')
  expect(refused).toEqual([[{ kind: 'topic', name: '' }, 'too-large']])
  expect(events).toEqual([])
})

test('what is not gRPC is 415', async () => {
  const { session } = await startServer()

  expect((await call(session, '/x', Buffer.from('{}'), { 'content-type': 'application/json' })).httpStatus).toBe(415)
})

test('a handler that throws is UNAVAILABLE', async () => {
  const { session } = await startServer({ handler: () => Promise.reject(new Error('x')) })

  expect((await call(session, `${service}/OnTopicEvent`, topicEvent({}))).status).toBe('14')
})

test('close lets what is under way end, and tells the client first', async () => {
  let finish = () => {}
  let begin = () => {}
  const begun = new Promise<void>((resolve) => {
    begin = resolve
  })
  const handler: EventHandler<GrpcMessage> = async ({ message }) => {
    begin()
    await new Promise<void>((resolve) => {
      finish = resolve
    })
    message.answer(messageReply(Buffer.from('late')))
    return { kind: 'answered', verdict: 'success' }
  }
  const { server, session } = await startServer({ handler })
  const answer = call(session, '/any/Call', frame(Buffer.alloc(0)))
  const goaway = new Promise<number[]>((resolve) => session.once('goaway', (code, lastId) => resolve([code, lastId])))
  await begun

  const closed = server.close()
  // The first of the two steps; the second one names the stream.
  expect(await goaway).toEqual([constants.NGHTTP2_NO_ERROR, 2 ** 31 - 1])
  finish()

  expect((await answer).body).toEqual(frame(Buffer.from('late')))
  await closed
})

// Small apps behind a sidecar, one for each protocol, that answer its questions and do with an event what a test says.

import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  type Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js'
import { onTestFinished } from 'vitest'
import { runtimeV1 } from '../../src/local/sidecar/grpc-protocol.ts'

export const pubsub = 'bus'
export const topic = 'orders'
export const binding = 'queue'

export interface Seen {
  readonly kind: 'topic' | 'binding' | 'invoke'
  readonly data: string
  /** Attributes of the CloudEvent, or what stands for them over gRPC; empty for a binding. */
  readonly id: string
  readonly method?: string
  /** The app token that came with it. */
  readonly token?: unknown
}

/** `SUCCESS` and the like is what the function says of a topic; an answer to the rest is a success. */
export type Behaviour = 'SUCCESS' | 'RETRY' | 'DROP' | 'error' | 'no-such-route' | 'break'

export interface App {
  readonly port: number
  readonly seen: readonly Seen[]
  /** How often each question was asked. */
  readonly asked: ReadonlyMap<string, number>
}

export type Handle = (seen: Seen) => Behaviour | Promise<Behaviour>

export type StartApp = (handle: Handle) => Promise<App>

export const startApp: Readonly<Record<'http' | 'grpc', StartApp>> = { http: startHttpApp, grpc: startGrpcApp }

function notebook(handle: Handle) {
  const seen: Seen[] = []
  const asked = new Map<string, number>()
  return {
    seen,
    asked,
    ask: (what: string) => asked.set(what, (asked.get(what) ?? 0) + 1),
    handle: (each: Seen) => {
      seen.push(each)
      return handle(each)
    },
  }
}

async function startHttpApp(handle: Handle): Promise<App> {
  const book = notebook(handle)
  const questions: Readonly<Record<string, unknown>> = {
    'GET /dapr/config': {},
    'GET /dapr/subscribe': [{ pubsubname: pubsub, topic, route: `/${topic}/` }],
    [`OPTIONS /${binding}`]: '',
  }
  const server = createServer(async (request, response) => {
    const body = (await read(request)).toString()
    const question = `${request.method} ${request.url}`
    if (question in questions) {
      book.ask(question)
      return response.end(JSON.stringify(questions[question]))
    }
    if (request.method === 'OPTIONS') return response.writeHead(404).end()
    const behaviour = await book.handle({ ...seenOverHttp(request, body), token: request.headers['dapr-api-token'] })
    if (behaviour === 'break') return response.destroy()
    if (behaviour === 'no-such-route') return response.writeHead(404).end()
    if (behaviour === 'error') return response.writeHead(503).end()
    return response.end(JSON.stringify({ status: behaviour }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return { port: (server.address() as AddressInfo).port, seen: book.seen, asked: book.asked }
}

function seenOverHttp({ url = '', headers }: IncomingMessage, body: string): Seen {
  if (url === `/${binding}`) return { kind: 'binding', data: body, id: '' }
  if (headers['content-type'] !== 'application/cloudevents+json' || headers.pubsubname !== pubsub) {
    return { kind: 'invoke', data: body, id: '', method: url.slice(1) }
  }
  const event = JSON.parse(body)
  const data = event.data_base64 ? Buffer.from(event.data_base64, 'base64').toString() : text(event.data)
  return { kind: 'topic', data, id: event.id }
}

const text = (data: unknown): string => (typeof data === 'string' ? data : JSON.stringify(data))

interface EventRequest {
  readonly data: Buffer
  readonly id: string
}

interface InvokeRequest {
  readonly method: string
  readonly data: { readonly value: Buffer }
  readonly content_type: string
}

const tokenIn = (metadata: Metadata): unknown => metadata.get('dapr-api-token')[0]

async function startGrpcApp(handle: Handle): Promise<App> {
  const book = notebook(handle)
  const server = new Server()
  const serve =
    (kind: 'topic' | 'binding') =>
    async ({ request, metadata }: ServerUnaryCall<EventRequest, object>, reply: sendUnaryData<object>) => {
      const token = tokenIn(metadata)
      const behaviour = await book.handle({ kind, data: request.data.toString(), id: request.id ?? '', token })
      if (behaviour === 'break') return server.forceShutdown()
      if (behaviour === 'no-such-route') return reply({ code: status.UNIMPLEMENTED })
      if (behaviour === 'error') return reply({ code: status.UNKNOWN })
      return reply(null, kind === 'topic' ? { status: behaviour } : {})
    }
  const answer = (what: string, value: object) => (_call: unknown, reply: sendUnaryData<object>) => {
    book.ask(what)
    reply(null, value)
  }
  server.addService(runtimeV1.AppCallback.service, {
    ListTopicSubscriptions: answer('subscriptions', { subscriptions: [{ pubsub_name: pubsub, topic }] }),
    ListInputBindings: answer('bindings', { bindings: [binding] }),
    OnTopicEvent: serve('topic'),
    OnBindingEvent: serve('binding'),
    OnInvoke: async ({ request, metadata }: ServerUnaryCall<InvokeRequest, object>, reply: sendUnaryData<object>) => {
      const data = request.data.value.toString()
      const said = await book.handle({ kind: 'invoke', data, id: '', method: request.method, token: tokenIn(metadata) })
      const value = Buffer.from(JSON.stringify({ status: said }))
      reply(null, { data: { value }, content_type: 'application/json' })
    },
  })
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  )
  onTestFinished(() => server.forceShutdown())
  return { port, seen: book.seen, asked: book.asked }
}

async function read(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

// An app that does as each event tells it, and counts how often it was given it. A sidecar sits in front of it directly, or a proxy stands between.

import { createServer, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import {
  loadPackageDefinition,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceDefinition,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import type { Certificate } from '../support/certificate.ts'

export const pubsub = 'bus'
export const topic = 'orders'

export interface App {
  readonly port: number
  /** Deliveries of each event that has arrived, by its id. */
  readonly deliveries: ReadonlyMap<string, number>
  close(): Promise<void>
}

/** What an event asks for: its data. */
interface Order {
  readonly id: string
  readonly behaviour: string
}

/** Status and body by name of the behaviour. */
export const httpBehaviours: Readonly<Record<string, readonly [number, string]>> = {
  success: [200, '{"status":"SUCCESS"}'],
  'no body': [200, ''],
  'no content': [204, ''],
  created: [201, ''],
  'empty object': [200, '{}'],
  'not JSON': [200, 'fine'],
  'a list': [200, '[]'],
  'no text': [200, '{"status":5}'],
  retry: [200, '{"status":"RETRY"}'],
  drop: [200, '{"status":"DROP"}'],
  'lower case': [200, '{"status":"success"}'],
  'unknown status': [200, '{"status":"ok"}'],
  'bad request': [400, 'no'],
  'not found': [404, 'no such route'],
  redirect: [302, ''],
  'own failure': [500, '{"error":"own"}'],
  'not available': [503, 'busy'],
}

/** Over TLS with a certificate. */
export async function startHttpApp(tls?: Certificate): Promise<App> {
  const deliveries = new Map<string, number>()
  const serve: RequestListener = async (request, response) => {
    if (request.url === '/dapr/subscribe') {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify([{ pubsubname: pubsub, topic, route: `/${topic}` }]))
      return
    }
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks).toString()
    if (request.url === `/${topic}`) {
      const [code, text] = httpBehaviours[count(deliveries, JSON.parse(body).data)] ?? [500, 'no such behaviour']
      response.writeHead(code).end(text)
      return
    }
    const [, code] = /^\/answer\/(\d+)/.exec(request.url ?? '') ?? []
    if (code === undefined) {
      response.writeHead(404).end()
      return
    }
    const fields = ['x-method', request.method ?? '', 'x-url', request.url ?? '', 'X-Twice', 'a', 'X-Twice', 'b']
    response.writeHead(Number(code), fields)
    response.end(code === '204' ? undefined : body)
  }
  const server = tls ? createTlsServer({ ...tls }, serve) : createServer(serve)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    deliveries,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** A status of the reply, or a code of gRPC. */
export const grpcBehaviours: Readonly<Record<string, { readonly status: string } | { readonly code: status }>> = {
  success: { status: 'SUCCESS' },
  retry: { status: 'RETRY' },
  drop: { status: 'DROP' },
  'not implemented': { code: status.UNIMPLEMENTED },
  'not found': { code: status.NOT_FOUND },
  'not available': { code: status.UNAVAILABLE },
  internal: { code: status.INTERNAL },
  unknown: { code: status.UNKNOWN },
  'bad argument': { code: status.INVALID_ARGUMENT },
  'too late': { code: status.DEADLINE_EXCEEDED },
  cancelled: { code: status.CANCELLED },
}

// Dapr's own definition, as its SDK ships it.
const dapr = loadPackageDefinition(
  loadSync('dapr/proto/runtime/v1/appcallback.proto', {
    includeDirs: [fileURLToPath(new URL('../../node_modules/@dapr/dapr/proto', import.meta.url))],
    keepCase: true,
    enums: String,
  }),
) as unknown as { dapr: { proto: { runtime: { v1: { AppCallback: { service: ServiceDefinition } } } } } }

interface InvokeRequest {
  readonly method: string
  readonly data: { readonly type_url: string; readonly value: Buffer }
  readonly content_type: string
}

/** Over TLS with a certificate. */
export async function startGrpcApp(tls?: Certificate): Promise<App> {
  const deliveries = new Map<string, number>()
  const server = new Server()
  server.addService(dapr.dapr.proto.runtime.v1.AppCallback.service, {
    ListTopicSubscriptions: (_call: unknown, reply: sendUnaryData<object>) =>
      reply(null, { subscriptions: [{ pubsub_name: pubsub, topic }] }),
    ListInputBindings: (_call: unknown, reply: sendUnaryData<object>) => reply(null, { bindings: [] }),
    OnTopicEvent(call: ServerUnaryCall<{ data: Buffer }, object>, reply: sendUnaryData<object>) {
      const behaviour = grpcBehaviours[count(deliveries, JSON.parse(call.request.data.toString()))]
      if (behaviour === undefined) reply({ code: status.INTERNAL, details: 'no such behaviour' })
      else if ('code' in behaviour) reply({ code: behaviour.code, details: 'as asked' })
      else reply(null, behaviour)
    },
    OnInvoke(call: ServerUnaryCall<InvokeRequest, object>, reply: sendUnaryData<object>) {
      const { method, data, content_type } = call.request
      const [, code] = /^answer\/(\d+)$/.exec(method) ?? []
      if (code !== undefined && code !== '0') reply({ code: Number(code), details: 'as asked' })
      else reply(null, { data, content_type })
    },
  })
  const pair = tls && { cert_chain: Buffer.from(tls.cert), private_key: Buffer.from(tls.key) }
  const credentials = pair ? ServerCredentials.createSsl(null, [pair]) : ServerCredentials.createInsecure()
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', credentials, (error, bound) => (error ? reject(error) : resolve(bound))),
  )
  return { port, deliveries, close: async () => server.forceShutdown() }
}

function count(deliveries: Map<string, number>, { id, behaviour }: Order): string {
  deliveries.set(id, (deliveries.get(id) ?? 0) + 1)
  return behaviour
}

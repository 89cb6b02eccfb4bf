// The Dapr API of one sidecar over HTTP.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { ApiError } from '../api-error.ts'
import type { DaprApi } from './api.ts'
import { type HttpReply, type HttpRoute, json, parseJson } from './http-route.ts'
import { httpStateRoutes } from './http-state.ts'

// What a sidecar takes by default.
const maxBodyBytes = 4 * 1024 * 1024

/** Not listening yet. */
export function createHttpApi(api: DaprApi): Server {
  const routes = [...eventRoutes(api), ...httpStateRoutes(api), ...selfRoutes(api)]
  return createServer((request, response) => {
    void answer(routes, request).then(
      (reply) => write(response, reply),
      (error: unknown) => write(response, failure(error)),
    )
  })
}

function eventRoutes(api: DaprApi): HttpRoute[] {
  return [
    {
      methods: 'POST PUT',
      pattern: /^\/v1\.0\/publish\/([^/]+)\/(.+)$/,
      handle: ({ parts: [pubsub = '', topic = ''], url, headers, body }) => {
        const contentType = headers['content-type'] ?? ''
        api.publish(pubsub, topic, body, { contentType, metadata: metadataIn(url), traceparent: headers.traceparent })
        return { status: 204 }
      },
    },
    {
      methods: 'POST PUT',
      pattern: /^\/v1\.0\/bindings\/([^/]+)$/,
      handle: ({ parts: [name = ''], body }) => {
        const { data, metadata = {} } = parseJson(body) as { data?: unknown; metadata?: Record<string, string> }
        // A string arrives as its own text, anything else as JSON.
        const bytes = typeof data === 'string' ? data : data === undefined ? '' : JSON.stringify(data)
        api.invokeBinding(name, Buffer.from(bytes), metadata)
        return { status: 204 }
      },
    },
    {
      methods: 'GET POST PUT DELETE PATCH HEAD OPTIONS',
      pattern: /^\/v1\.0\/invoke\/([^/]+)\/method\/(.*)$/,
      handle: async ({ method, parts: [target = '', path = ''], url, headers, body }) => {
        // An app-id may carry a namespace behind a dot; all Functions of a run are in reach of each other.
        const appId = target.split('.')[0] ?? ''
        const contentType = headers['content-type'] ?? ''
        const call = { verb: method, method: path + url.search, headers, contentType, body }
        const reply = await api.invoke(appId, call)
        const type = reply.contentType ? { 'content-type': reply.contentType } : {}
        return { status: reply.status, headers: { ...withoutLength(reply.headers), ...type }, body: reply.body }
      },
    },
  ]
}

function selfRoutes(api: DaprApi): HttpRoute[] {
  return [
    { methods: 'GET', pattern: /^\/v1\.0\/metadata$/, handle: () => json(200, metadataOf(api)) },
    { methods: 'GET', pattern: /^\/v1\.0\/healthz$/, handle: () => (api.isReady() ? { status: 204 } : notReady) },
    { methods: 'GET', pattern: /^\/v1\.0\/healthz\/outbound$/, handle: () => ({ status: 204 }) },
  ]
}

const notReady = json(500, { errorCode: 'ERR_HEALTH_NOT_READY', message: 'the app has not been asked yet' })

function metadataOf(api: DaprApi): object {
  const { appId, components, subscriptions, port, protocol } = api.describe()
  return {
    id: appId,
    runtimeVersion: 'embedded',
    extended: { daprRuntimeVersion: 'embedded' },
    components: components.map(({ name, type, version }) => ({ name, type, version, capabilities: [] })),
    subscriptions: subscriptions.map(({ pubsub, topic, path }) => ({
      pubsubname: pubsub,
      topic,
      rules: [{ match: '', path }],
      type: 'PROGRAMMATIC',
    })),
    appConnectionProperties: { port, protocol, channelAddress: '127.0.0.1' },
  }
}

async function answer(routes: readonly HttpRoute[], request: IncomingMessage): Promise<HttpReply> {
  const { method = 'GET' } = request
  const url = new URL(request.url ?? '/', 'http://sidecar')
  const body = await read(request)
  const found = routes.find((route) => route.methods.split(' ').includes(method) && route.pattern.test(url.pathname))
  if (found === undefined) throw ApiError.absent(`${method} ${url.pathname}`)
  const parts = (found.pattern.exec(url.pathname) ?? []).slice(1).map(decode)
  return found.handle({ method, url, headers: flatHeaders(request), body, parts })
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw ApiError.malformed('the path is not valid percent-encoding')
  }
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes <= maxBodyBytes) chunks.push(chunk)
  }
  if (bytes > maxBodyBytes) throw ApiError.tooLarge(maxBodyBytes)
  return Buffer.concat(chunks)
}

function flatHeaders({ headers }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
}

function metadataIn(url: URL): Record<string, string> {
  const prefix = 'metadata.'
  const entries = [...url.searchParams].filter(([name]) => name.startsWith(prefix))
  return Object.fromEntries(entries.map(([name, value]) => [name.slice(prefix.length), value]))
}

function failure(error: unknown): HttpReply {
  if (!(error instanceof ApiError)) return json(500, { errorCode: 'ERR_INTERNAL', message: String(error) })
  return json(error.httpStatus, { errorCode: error.errorCode, message: error.message })
}

function write(response: ServerResponse, { status, headers = {}, body = '' }: HttpReply): void {
  response.writeHead(status, headers)
  response.end(body)
}

function withoutLength(headers: Readonly<Record<string, string>>): Record<string, string> {
  const connectionFields = ['content-length', 'transfer-encoding', 'connection', 'keep-alive']
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !connectionFields.includes(name)))
}

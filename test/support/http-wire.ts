// Both ends of the proxy over HTTP, with node:http.

import { Agent, createServer, type IncomingMessage, type RequestListener, request } from 'node:http'
import { createServer as createTlsServer, Agent as TlsAgent, request as tlsRequest } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Certificate } from './certificate.ts'
import {
  binding,
  type CloudEvent,
  type FunctionReplica,
  type Handle,
  type Heard,
  method,
  type Seen,
  type SendOptions,
  type Sidecar,
  topic,
  type Wire,
} from './wire.ts'

export const httpWire: Wire = {
  protocol: 'http',
  codes: { unavailable: '503', tooLarge: '413', missingRoute: '404', functionError: '500', unauthenticated: '401' },
  startFunction,
  connect,
}

const cloudEvents = 'application/cloudevents+json'

const envelope = (data: Buffer, { id, source, key }: CloudEvent): Buffer =>
  Buffer.from(JSON.stringify({ specversion: '1.0', id, source, partitionkey: key, data: data.toString() }))

const dataOf = ({ headers }: IncomingMessage, bytes: Buffer): Buffer =>
  headers['content-type'] === cloudEvents ? Buffer.from((JSON.parse(bytes.toString()) as { data: string }).data) : bytes

const kinds: Readonly<Record<string, Seen['kind']>> = { [`/${topic}`]: 'topic', [`/${method}`]: 'invoke' }

export async function read(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** Serves topics as OpenFunction's Go framework does: at `/<topic>`. */
async function startFunction(handle: Handle, port = 0, tls?: Certificate): Promise<FunctionReplica> {
  const serve: RequestListener = async (incoming, response) => {
    if (incoming.url === '/dapr/subscribe') return response.writeHead(404).end()
    const gone = new AbortController()
    response.on('close', () => {
      if (!response.writableFinished) gone.abort()
    })
    const data = dataOf(incoming, await read(incoming))
    const metadata = incoming.headers as Record<string, string>
    const kind = kinds[incoming.url ?? ''] ?? 'binding'
    const behaviour = await handle({ kind, data, metadata, cancelled: gone.signal })
    if (behaviour === 'break') return response.destroy()
    if (behaviour === 'no-such-route') return response.writeHead(404).end('no such route')
    if ('error' in behaviour) return response.writeHead(500, { 'x-cause': 'own' }).end(behaviour.error)
    const body = kind === 'topic' ? JSON.stringify({ status: behaviour.status }) : behaviour.data
    return response.writeHead(200).end(body)
  }
  const server = tls ? createTlsServer({ noDelay: true, ...tls }, serve) : createServer({ noDelay: true }, serve)
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    kill: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function connect(port: number, ca?: string): Sidecar {
  const agent = ca ? new TlsAgent({ keepAlive: true, ca }) : new Agent({ keepAlive: true })
  const begin = ca ? tlsRequest : request
  const call = (verb: string, path: string, body?: Buffer, { metadata = {}, signal }: SendOptions = {}) =>
    new Promise<{ readonly status: number; readonly body: Buffer }>((resolve, reject) => {
      const outgoing = begin({
        agent,
        port,
        host: '127.0.0.1',
        method: verb,
        path,
        headers: metadata,
        ...(signal && { signal }),
      })
      outgoing.on('error', reject)
      outgoing.on('response', (incoming) => {
        read(incoming).then((bytes) => resolve({ status: incoming.statusCode ?? 0, body: bytes }), reject)
      })
      outgoing.end(body)
    })
  const discover = async () => {
    const { body } = await call('GET', '/dapr/subscribe')
    return JSON.parse(body.toString()) as { pubsubname: string; topic: string; route: string }[]
  }
  return {
    async topic(data, options) {
      const [subscription] = await discover()
      const event = options?.event
      const metadata = { ...options?.metadata, ...(event && { 'content-type': cloudEvents }) }
      const bytes = event === undefined ? data : envelope(data, event)
      const { status, body } = await call('POST', subscription?.route ?? '', bytes, { ...options, metadata })
      return heard(status, body, status === 200 ? outcomeOf(body) : status === 404 ? 'drop' : 'error')
    },
    async binding(data, options) {
      const { status, body } = await call('POST', `/${binding}`, data, options)
      return heard(status, body, status === 200 ? 'success' : 'error')
    },
    async invoke(data, options) {
      const { status, body } = await call('POST', `/${method}`, data, options)
      return heard(status, body, status === 200 ? 'success' : 'error')
    },
    isHealthy: async () => (await call('GET', '/healthz')).status === 200,
    async discover() {
      const topics = (await discover()).map((entry) => `${entry.pubsubname}/${entry.topic}`)
      const { status } = await call('OPTIONS', `/${binding}`)
      return { topics, bindings: status === 200 ? [binding] : [] }
    },
    close: () => agent.destroy(),
  }
}

function outcomeOf(body: Buffer): Heard['outcome'] {
  const { status = 'SUCCESS' } = JSON.parse(body.toString()) as { status?: string }
  return status === 'SUCCESS' ? 'success' : status === 'DROP' ? 'drop' : 'retry'
}

const heard = (status: number, data: Buffer, outcome: Heard['outcome']): Heard => ({
  outcome,
  code: String(status),
  data,
  text: data.toString(),
})

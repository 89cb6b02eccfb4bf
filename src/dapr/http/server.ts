// The HTTP app channel as daprd sees it: answers daprd's own questions at once, and hands every event to a handler.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { readBody } from '../body.ts'
import { Departure } from '../departure.ts'
import type { Outcome, Route } from '../event.ts'
import type { AppServer, AppServerOptions } from '../server.ts'
import { jsonReply, plainReply, replyTo, toSidecar } from './answers.ts'
import { endToEnd } from './headers.ts'
import type { HttpMessage, HttpReply } from './message.ts'

const invoke: Route = { kind: 'invoke', name: '' }

/** Serves the HTTP app channel. It never closes an idle connection: daprd does not repeat a POST that meets a closing socket. */
export function createHttpServer(options: AppServerOptions<HttpMessage>): AppServer {
  const routes = routesByPath(options)
  const server = createServer(
    {
      keepAliveTimeout: 0,
      // A connection that daprd dialled ahead of need may stay silent for the 90 s that Go keeps idle ones.
      headersTimeout: 120_000,
      // Metadata of a broker travels in headers, and daprd sets no limit.
      maxHeaderSize: 64 * 1024,
    },
    (request, response) => {
      const local = localAnswer(options, request)
      if (local) {
        request.resume()
        write(request, response, local)
        return
      }
      const route = routes.get(pathOf(request.url)) ?? invoke
      serve(options, route, { request, response }).catch(() => response.destroy())
    },
  )
  // Bounded by their bytes.
  server.maxHeadersCount = 0
  return appServer(server)
}

function routesByPath({ inputs }: AppServerOptions<HttpMessage>): Map<string, Route> {
  const all = inputs ? [...inputs.topics, ...inputs.bindings] : []
  return new Map(all.map(({ path, route }) => [path, route]))
}

/** What daprd asks of an app before and between events; none of it may wait for a function. */
function localAnswer(options: AppServerOptions<HttpMessage>, request: IncomingMessage): HttpReply | undefined {
  const { inputs } = options
  if (inputs === undefined) return undefined
  const path = pathOf(request.url)
  if (request.method === 'GET') {
    if (path === '/dapr/config') return jsonReply({})
    if (path === '/dapr/subscribe') {
      return jsonReply(inputs.topics.map(({ pubsub, topic, path: route }) => ({ pubsubname: pubsub, topic, route })))
    }
    if (path === '/healthz') return options.isHealthy() ? plainReply(200, 'ok') : plainReply(503, 'draining')
  }
  // 405 would mean that we want the binding (dapr processor/binding/send.go).
  if (request.method === 'OPTIONS') {
    const isWanted = inputs.bindings.some((binding) => binding.path === path)
    return { status: isWanted ? 200 : 404, headers: [], body: Buffer.alloc(0) }
  }
  return undefined
}

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

async function serve(
  options: AppServerOptions<HttpMessage>,
  route: Route,
  { request, response }: Exchange,
): Promise<void> {
  const body = await readBody(request, options, Number(request.headers['content-length'] ?? 0))
  if (body.kind === 'gone') return
  if (body.kind === 'refused') {
    options.onRefused?.(route, body.refusal)
    // The rest of the request is read and thrown away: to close on a sender that still writes would reset its connection.
    write(request, response, replyTo(body))
    return
  }
  try {
    const outcome = await handle(options, route, { request, response, body: body.bytes })
    if (outcome.kind !== 'answered') write(request, response, replyTo(outcome))
  } finally {
    options.memory.give(body.bytes.length)
  }
}

async function handle(
  options: AppServerOptions<HttpMessage>,
  route: Route,
  { request, response, body }: Exchange & { readonly body: Buffer },
): Promise<Outcome> {
  const sender = new Departure()
  response.once('close', () => {
    if (!response.writableFinished) sender.leave()
  })
  const { method = 'POST', url: path = '/' } = request
  const headers = endToEnd(request.rawHeaders)
  const answer = (reply: HttpReply) => write(request, response, toSidecar(route, reply))
  return options.handler({ route, message: { method, path, headers, body, answer }, sender })
}

function write(request: IncomingMessage, response: ServerResponse, reply: HttpReply): void {
  if (response.destroyed) return
  const headers = [...reply.headers]
  const hasBody = request.method !== 'HEAD' && reply.status !== 204 && reply.status !== 304
  if (hasBody) headers.push('content-length', String(reply.body.length))
  response.writeHead(reply.status, headers)
  response.end(hasBody ? reply.body : undefined)
}

function pathOf(url = '/'): string {
  const query = url.indexOf('?')
  return query === -1 ? url : url.slice(0, query)
}

function appServer(server: Server): AppServer {
  let open = 0
  server.on('connection', (socket) => {
    open += 1
    socket.once('close', () => {
      open -= 1
    })
  })
  return {
    listen: (port, host) =>
      new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen(port, host, () => resolve((server.address() as { port: number }).port))
      }),
    connections: () => open,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

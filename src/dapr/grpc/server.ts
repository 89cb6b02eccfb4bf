// The gRPC app channel as daprd sees it: answers daprd's own questions at once, and hands every other call to a handler.
// It works on the frames of HTTP/2, so payloads, metadata and unknown methods pass without being decoded.

import {
  constants,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import { readBody } from '../body.ts'
import { Departure } from '../departure.ts'
import { headerValue } from '../header-list.ts'
import type { AppServer, AppServerOptions } from '../server.ts'
import { codes, messageReply, replyTo, statusReply } from './answers.ts'
import { headerObject, maxHeaderListPairs, timeoutMs, withoutPseudo } from './headers.ts'
import type { GrpcMessage, GrpcReply } from './message.ts'
import { createRouteOf, inputBindings, methods, type RouteOf, topicSubscriptions } from './methods.ts'

type Options = AppServerOptions<GrpcMessage>

/** Serves the gRPC app channel over HTTP/2 without TLS. It never closes a connection by itself. */
export function createGrpcServer(options: Options): AppServer {
  const routeOf = createRouteOf(options.inputs)
  const server = createServer({
    // daprd opens up to 2,048 calls on one connection (dapr pkg/api/grpc/manager/pool.go).
    settings: { maxConcurrentStreams: 4096, initialWindowSize: 1024 * 1024, maxHeaderListSize: 64 * 1024 },
    // In MB, and for what one session keeps; what events take is bounded by `memory`.
    maxSessionMemory: 128,
    maxHeaderListPairs,
  })
  server.on('session', (session) => {
    // One connection carries all events, so the window of the connection must not be that of a single stream.
    session.setLocalWindowSize(16 * 1024 * 1024)
    // A broken peer ends its own session, nothing else.
    session.on('error', () => session.destroy())
  })
  // The types of Node leave out the list of fields as they came, which is the last argument.
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, _flags: number, raw: string[]) => {
    // A stream that dies under us says so by its close event.
    stream.on('error', () => {})
    const call = { path: String(headers[':path']), headers: withoutPseudo(raw) }
    if (!String(headers['content-type']).startsWith('application/grpc')) {
      stream.respond({ ':status': 415 }, { endStream: true })
      return
    }
    const local = localAnswer(options, call.path)
    if (local === undefined)
      serve(options, routeOf, stream, call).catch(() => stream.close(constants.NGHTTP2_INTERNAL_ERROR))
    else {
      stream.resume()
      write(stream, local)
    }
  })
  return appServer(server)
}

/** What daprd asks of an app before and between events; none of it may wait for a function. */
function localAnswer({ inputs, isHealthy }: Options, path: string): GrpcReply | undefined {
  if (inputs === undefined) return undefined
  switch (path) {
    case methods.listTopicSubscriptions:
      return messageReply(topicSubscriptions(inputs))
    case methods.listInputBindings:
      return messageReply(inputBindings(inputs))
    case methods.healthCheck:
      return isHealthy() ? messageReply(Buffer.alloc(0)) : statusReply(codes.unavailable, 'draining')
    default:
      return undefined
  }
}

async function serve(
  options: Options,
  routeOf: RouteOf,
  stream: ServerHttp2Stream,
  call: Pick<GrpcMessage, 'path' | 'headers'>,
): Promise<void> {
  const arrivedMs = performance.now()
  const body = await readBody(stream, options)
  if (body.kind === 'gone') return
  if (body.kind === 'refused') {
    const route = routeOf(call.path, Buffer.alloc(0))
    options.onRefused?.(route, body.refusal)
    write(stream, replyTo(body))
    return
  }
  try {
    const answer = (reply: GrpcReply) => write(stream, reply)
    const message = { ...call, body: body.bytes, answer }
    const route = routeOf(call.path, body.bytes)
    const sender = new Departure()
    stream.once('close', () => sender.leave())
    const patienceMs = timeoutMs(headerValue(call.headers, 'grpc-timeout'))
    const deadline = patienceMs === undefined ? {} : { deadlineMs: arrivedMs + patienceMs }
    const outcome = await options.handler({ route, message, sender, ...deadline })
    if (outcome.kind !== 'answered') write(stream, replyTo(outcome))
  } finally {
    options.memory.give(body.bytes.length)
  }
}

function write(stream: ServerHttp2Stream, reply: GrpcReply): void {
  if (stream.destroyed || stream.closed) return
  if (reply.body.length === 0) {
    stream.respond(headerObject([...reply.headers, ...reply.trailers], { ':status': 200 }), { endStream: true })
    // The rest of a request that was refused is not wanted any more (RFC 9113 §8.1).
    if (!stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR)
    return
  }
  stream.once('wantTrailers', () => stream.sendTrailers(headerObject(reply.trailers)))
  stream.respond(headerObject(reply.headers, { ':status': 200 }), { waitForTrailers: true })
  stream.end(reply.body)
}

function appServer(server: Http2Server): AppServer {
  const sessions = new Set<ServerHttp2Session>()
  server.on('session', (session) => {
    sessions.add(session)
    session.once('close', () => sessions.delete(session))
  })
  return {
    listen: (port, host) =>
      new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen(port, host, () => resolve((server.address() as { port: number }).port))
      }),
    connections: () => sessions.size,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const session of sessions) session.destroy()
      }),
  }
}

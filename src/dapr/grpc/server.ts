// The gRPC app channel as daprd sees it: answers daprd's own questions at once, and hands every other call to a handler.
// It works on the frames of HTTP/2, so payloads, metadata and unknown methods pass without being decoded.

import { createServer as createPlainServer, type Socket } from 'node:net'
import type { Connection } from '../../h2/connection.ts'
import { withoutField } from '../../h2/field-removal.ts'
import type { FieldSection } from '../../h2/field-section.ts'
import { connectionOn } from '../../h2/socket.ts'
import type { Stream } from '../../h2/stream.ts'
import { type AppToken, isToken, tokenField } from '../app-token.ts'
import type { Event, Outcome } from '../event.ts'
import type { Inputs } from '../inputs.ts'
import type { AppServer, AppServerOptions } from '../server.ts'
import { codes, messageReply, statusReply } from './answers.ts'
import { Call, type CallOptions } from './call.ts'
import { identityOf } from './identity.ts'
import type { GrpcMessage, GrpcReply } from './message.ts'
import { createRouteOf, inputBindings, isEvent, methods, topicSubscriptions } from './methods.ts'
import { refuseStranger } from './not-grpc.ts'
import { timeoutMs } from './timeout.ts'

type Options = AppServerOptions<GrpcMessage>

/** Serves the gRPC app channel over HTTP/2. It never closes a connection by itself. */
export function createGrpcServer(options: Options): AppServer {
  const accept = createAccept(options)
  const open = new Map<Socket, Connection>()
  const { createServer = createPlainServer } = options
  const server = createServer({}, (socket) => {
    const owner = { accept, changed() {}, closed: () => {} }
    open.set(socket, connectionOn(socket, { owner, budget: options.memory }))
    socket.once('close', () => open.delete(socket))
  })
  return {
    listen: (port, host) =>
      new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen(port, host, () => resolve((server.address() as { port: number }).port))
      }),
    connections: () => open.size,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const connection of open.values()) connection.leave()
        // Whoever is still there then gets no more than that.
        const cut = () => {
          for (const socket of open.keys()) socket.destroy()
        }
        setTimeout(cut, farewellMs).unref()
      }),
  }
}

/** In which peers learn that we leave, so that what they have just sent counts as not run; in milliseconds. */
const farewellMs = 250

type Accept = (stream: Stream, section: FieldSection, isEnd: boolean) => void

/** What becomes of a new stream. */
function createAccept(options: Options): Accept {
  const routeOf = createRouteOf(options.inputs)

  const handle = (call: Call, deadlineMs: number | undefined) => {
    const { path } = call
    const body = isEvent(path) ? call.body : nothing
    const route = routeOf(path, body)
    const event: Event<GrpcMessage> = {
      route,
      message: call,
      sender: call,
      deadlineMs,
      isQuestion: path !== methods.healthCheck && questions.has(path),
      // It may be asked when the call is over and its request forgotten.
      identity: route.kind === 'topic' ? () => identityOf({ path, headers: call.headers, body }) : undefined,
    }
    const settle = (outcome: Outcome) => call.settle(outcome)
    options.handler(event).then(settle, () => settle({ kind: 'broken', cause: 'internal error' }))
  }
  const refuse: CallOptions['onRefused'] = (call, refusal) => options.onRefused?.(routeOf(call.path, nothing), refusal)

  return (stream, section, isEnd) => {
    if (section.method !== 'POST' || !section.contentType?.startsWith('application/grpc')) {
      return refuseStranger(stream, isEnd)
    }
    const path = section.path as string
    const isLocal = isAnsweredHere(options, path)
    const deadlineMs = deadlineOf(section, path === methods.healthCheck)
    const isAwaited = isLocal || isEvent(path)
    const { block, isTrusted } = checked(section, options.appToken, questions.has(path))
    const call = new Call(stream, section, isEnd, {
      block,
      memory: options.memory,
      awaitedBytes: isAwaited ? options.maxEventBytes : 0,
      onReady: (ready) => (isLocal ? ready.answer(localAnswer(options, path)) : handle(ready, deadlineMs)),
      onRefused: refuse,
    })
    stream.owner = call
    if (isTrusted) call.start()
    else call.refuse('no-token')
  }
}

/** When the sender stops waiting. Whether the app is healthy is a question of now. */
function deadlineOf({ grpcTimeout }: FieldSection, isHealthAsked: boolean): number | undefined {
  const leftMs = isHealthAsked ? 0 : timeoutMs(grpcTimeout)
  return leftMs === undefined ? undefined : performance.now() + leftMs
}

interface Checked {
  /** The fields that go on, in memory of their own. */
  readonly block: Buffer
  readonly isTrusted: boolean
}

/** daprd asks its questions without a token (dapr pkg/channel/grpc HealthProbe). */
function checked(section: FieldSection, appToken: AppToken | undefined, isQuestion: boolean): Checked {
  const whole = section.keep().block
  if (appToken === undefined) return { block: whole, isTrusted: true }
  const { block, values } = withoutField(whole, tokenField)
  return { block: appToken.goesOn ? whole : block, isTrusted: isQuestion || isToken(appToken.text, values) }
}

const nothing = Buffer.alloc(0)
const noInputs: Inputs = { topics: [], bindings: [] }

const questions: ReadonlySet<string> = new Set([
  methods.listTopicSubscriptions,
  methods.listInputBindings,
  methods.healthCheck,
])

/** In front of an app nothing is, but that we leave. */
function isAnsweredHere({ inputs, isHealthy }: Options, path: string): boolean {
  return questions.has(path) && (inputs !== undefined || (path === methods.healthCheck && !isHealthy()))
}

/** What daprd asks of an app before and between events; none of it may wait for a function. */
function localAnswer({ inputs = noInputs, isHealthy }: Options, path: string): GrpcReply {
  switch (path) {
    case methods.listTopicSubscriptions:
      return messageReply(topicSubscriptions(inputs))
    case methods.listInputBindings:
      return messageReply(inputBindings(inputs))
    default:
      return isHealthy() ? messageReply(nothing) : statusReply(codes.unavailable, 'draining')
  }
}

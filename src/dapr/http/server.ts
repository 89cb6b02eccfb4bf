// The HTTP app channel as daprd sees it: answers daprd's own questions at once, and hands every event to a handler.

import { Buffer } from 'node:buffer'
import { performance } from 'node:perf_hooks'
import type { BodyWriter } from '../../h1/body.ts'
import type { Framing } from '../../h1/framing.ts'
import type { Incoming } from '../../h1/incoming.ts'
import type { Outgoing, ResponseHead } from '../../h1/outgoing.ts'
import { usualReason } from '../../h1/reason.ts'
import { createH1Server, type ServerLimits } from '../../h1/server.ts'
import type { Exchange, RequestHandler } from '../../h1/server-connection.ts'
import { isToken, tokensOf, withoutTokens } from '../app-token.ts'
import { Departure } from '../departure.ts'
import type { Event, Outcome, Refusal, Route } from '../event.ts'
import { headerValue } from '../header-list.ts'
import type { AppServer, AppServerOptions } from '../server.ts'
import { plainReply, replyTo, toSidecar } from './answers.ts'
import { identityOf } from './cloud-event.ts'
import { keepBody } from './event-body.ts'
import { endToEnd, endToEndOfPieces, lasting } from './headers.ts'
import type { HttpHead, HttpMessage, HttpReply } from './message.ts'
import { localAnswer, questionOf } from './questions.ts'
import { readTarget, type Target, withHost } from './target.ts'

const invoke: Route = { kind: 'invoke', name: '' }
/** An event of a topic that FUNC_CONTEXT does not declare. */
const anyTopic: Route = { kind: 'topic', name: '' }

const limits: ServerLimits = {
  // Metadata of a broker travels in headers, and daprd sets no limit.
  maxHeadBytes: 64 * 1024,
  headTimeoutMs: 10_000,
  stallTimeoutMs: 60_000,
  // daprd opens up to 1,024.
  maxConnections: 4096,
}

/** The body of an event must be there by then; daprd sends it at once. Milliseconds. */
const eventBodyTimeoutMs = 60_000

/** Serves the HTTP app channel. It never closes an idle connection: daprd does not repeat a POST that meets a closing socket. */
export function createHttpServer(options: AppServerOptions<HttpMessage>): AppServer {
  const routeOf = router(options)
  const handler: RequestHandler = {
    request(request, response) {
      const target = request.method === 'CONNECT' ? undefined : readTarget(request.target)
      const local = target === undefined ? badTarget : localAnswer(options, request.method, target.path)
      if (local !== undefined || target === undefined) {
        write(response, local ?? badTarget)
        return undefined
      }
      const delivery = new Delivery(options, routeOf(request, target), { request, response })
      // A health check brings no token (dapr pkg/channel/http HealthProbe).
      const isFree = options.appToken === undefined || (request.method === 'GET' && target.path === '/healthz')
      if (isFree || isToken(options.appToken.text, tokensOf(request.fields))) delivery.start(target)
      else delivery.refuse('no-token')
      return delivery
    },
  }
  return createH1Server(limits, handler, options.createServer)
}

const ofEvent = lasting(endToEnd)

const badTarget = plainReply(400, 'the target is neither a path nor a URL')

type RouteOf = (request: Incoming, target: Target) => Route

function router({ inputs }: AppServerOptions<HttpMessage>): RouteOf {
  const routes = new Map(
    [...(inputs?.topics ?? []), ...(inputs?.bindings ?? [])].map(({ path, route }) => [path, route]),
  )
  return ({ fields }, { path }) => routes.get(path) ?? (isTopicEvent(fields) ? anyTopic : invoke)
}

/** As daprd sends it (dapr postman/http). A CloudEvent alone may be what somebody calls a service with, and must not run twice. */
const isTopicEvent = (fields: readonly string[]): boolean =>
  headerValue(fields, 'pubsubname') !== undefined &&
  headerValue(fields, 'content-type')?.toLowerCase().startsWith('application/cloudevents+json') === true

interface Ends {
  readonly request: Incoming
  readonly response: Outgoing
}

/** One request on its way to the handler, and its answer on its way back. */
class Delivery implements Exchange {
  readonly #options: AppServerOptions<HttpMessage>
  readonly #route: Route
  readonly #request: Incoming
  readonly #response: Outgoing
  readonly #sender = new Departure()

  constructor(options: AppServerOptions<HttpMessage>, route: Route, { request, response }: Ends) {
    this.#options = options
    this.#route = route
    this.#request = request
    this.#response = response
  }

  gone(): void {
    this.#sender.leave()
  }

  start(target: Target): void {
    const request = this.#request
    const isWhole = request.isComplete && request.framing.kind !== 'chunked'
    if (this.#route.kind === 'invoke' && !isWhole) {
      this.#deliver({ ...this.#message(target, Buffer.alloc(0)), framing: request.framing, pieces: request }, 0)
      return
    }
    request.deadlineMs = performance.now() + eventBodyTimeoutMs
    if (request.isOpenEnded) this.#response.inform({ status: 100, reason: 'Continue', fields: [] })
    keepBody(request, this.#options, {
      whole: (bytes) => this.#deliver(this.#message(target, bytes), bytes.length),
      refused: (refusal) => this.refuse(refusal),
    })
  }

  #message({ target: path, host }: Target, body: Buffer): HttpMessage {
    const { method, fields, framing } = this.#request
    const isInvocation = this.#route.kind === 'invoke'
    const { appToken } = this.#options
    const own = appToken === undefined || appToken.goesOn ? fields : withoutTokens(fields)
    const raw = host === undefined ? own : withHost(own, host)
    return {
      method,
      path,
      headers: isInvocation ? endToEndOfPieces(raw) : ofEvent(raw),
      body,
      framing: isInvocation ? framing : undefined,
      inform: (head) => this.#response.inform(headOf(head)),
      answer: (reply) => write(this.#response, toSidecar(this.#route, reply)),
      begin: (head, announced) => this.#begin(head, announced),
    }
  }

  #begin(head: HttpHead, announced: Framing): BodyWriter {
    return this.#response.begin(headOf(head), announced)
  }

  #deliver(message: HttpMessage, takenBytes: number): void {
    const { handler, memory } = this.#options
    handler(this.#event(message)).then(
      (outcome) => {
        memory.give(takenBytes)
        this.#end(outcome)
      },
      () => {
        memory.give(takenBytes)
        this.#response.cut()
      },
    )
  }

  #event(message: HttpMessage): Event<HttpMessage> {
    const route = this.#route
    const sender = this.#sender
    if (route.kind === 'topic') return { route, message, sender, identity: () => identityOf(message) }
    if (this.#options.inputs !== undefined || route.kind !== 'invoke') return { route, message, sender }
    return { route, message, sender, ...questionOf(message.method, message.path, performance.now()) }
  }

  #end(outcome: Outcome): void {
    if (outcome.kind === 'answered' || this.#sender.isGone) return
    if (this.#response.hasBegun) this.#response.cut()
    else write(this.#response, replyTo(outcome))
  }

  /** The rest of the request is read and thrown away: to close on a sender that still writes would reset its connection. */
  refuse(refusal: Refusal): void {
    this.#options.onRefused?.(this.#route, refusal)
    write(this.#response, replyTo({ kind: 'refused', refusal }))
  }
}

const headOf = ({ status, reason = usualReason(status), headers }: HttpHead): ResponseHead => ({
  status,
  reason,
  fields: headers,
})

function write(response: Outgoing, reply: HttpReply): void {
  response.send(headOf(reply), reply.body)
}

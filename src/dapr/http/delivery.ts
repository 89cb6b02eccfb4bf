// One request on its way to the handler, and its answer on its way back.

import { Buffer } from 'node:buffer'
import { performance } from 'node:perf_hooks'
import type { BodySource, BodyWriter } from '../../h1/body.ts'
import type { Framing } from '../../h1/framing.ts'
import type { Incoming } from '../../h1/incoming.ts'
import { lasting } from '../../h1/known.ts'
import type { Outgoing, ResponseHead } from '../../h1/outgoing.ts'
import { usualReason } from '../../h1/reason.ts'
import type { Exchange } from '../../h1/server-connection.ts'
import { withoutTokens } from '../app-token.ts'
import { Departure } from '../departure.ts'
import type { Event, Outcome, Refusal, Route } from '../event.ts'
import type { AppServerOptions } from '../server.ts'
import { replyTo, toSidecar } from './answers.ts'
import { identityOf } from './cloud-event.ts'
import { type BodyEvents, keepBody } from './event-body.ts'
import { endToEnd, endToEndOfPieces } from './headers.ts'
import type { HttpHead, HttpMessage, HttpReply } from './message.ts'
import { questionOf } from './questions.ts'
import { type Target, withHost } from './target.ts'

/** The body of an event must be there by then; daprd sends it at once. Milliseconds. */
const eventBodyTimeoutMs = 60_000

const ofEvent = lasting(endToEnd)
const nothing = Buffer.alloc(0)

/** What has come, and what it is taken for. */
export interface Arrival {
  readonly request: Incoming
  readonly response: Outgoing
  readonly target: Target
  readonly route: Route
}

/** It is its own message and its own sender: each event would need one of each. */
export class Delivery extends Departure implements Exchange, BodyEvents, HttpMessage {
  readonly path: string
  readonly headers: readonly string[]
  body: Buffer = nothing
  pieces: BodySource | undefined
  readonly #options: AppServerOptions<HttpMessage>
  readonly #route: Route
  readonly #request: Incoming
  readonly #response: Outgoing

  constructor(options: AppServerOptions<HttpMessage>, arrival: Arrival) {
    super()
    const { request, response, target, route } = arrival
    this.path = target.target
    this.headers = headersOf(arrival, options)
    this.#options = options
    this.#route = route
    this.#request = request
    this.#response = response
  }

  start(): void {
    const request = this.#request
    const isWhole = request.isComplete && request.framing.kind !== 'chunked'
    if (this.#route.kind === 'invoke' && !isWhole) {
      this.pieces = request
      this.#deliver()
      return
    }
    if (!request.isComplete) request.deadlineMs = performance.now() + eventBodyTimeoutMs
    if (request.isOpenEnded) this.#response.inform({ status: 100, reason: 'Continue', fields: [] })
    keepBody(request, this.#options, this)
  }

  // What becomes of its body, and of its sender.

  whole(bytes: Buffer): void {
    this.body = bytes
    this.#deliver()
  }

  /** The rest of the request is read and thrown away: to close on a sender that still writes would reset its connection. */
  refuse(refusal: Refusal): void {
    this.#options.onRefused?.(this.#route, refusal)
    write(this.#response, replyTo({ kind: 'refused', refusal }))
  }

  gone(): void {
    this.leave()
  }

  // The message.

  get method(): string {
    return this.#request.method
  }

  get framing(): Framing | undefined {
    return this.#route.kind === 'invoke' ? this.#request.framing : undefined
  }

  inform(head: HttpHead): void {
    this.#response.inform(headOf(head))
  }

  answer(reply: HttpReply): void {
    write(this.#response, toSidecar(this.#route, reply))
  }

  begin(head: HttpHead, announced: Framing): BodyWriter {
    return this.#response.begin(headOf(head), announced)
  }

  #deliver(): void {
    const { handler, memory } = this.#options
    handler(this.#event()).then(
      (outcome) => {
        memory.give(this.body.length)
        this.#end(outcome)
      },
      () => {
        memory.give(this.body.length)
        this.#response.cut()
      },
    )
  }

  #event(): Event<HttpMessage> {
    const route = this.#route
    if (route.kind === 'topic') return { route, message: this, sender: this, identity: () => identityOf(this) }
    if (this.#options.inputs !== undefined || route.kind !== 'invoke') return { route, message: this, sender: this }
    return { route, message: this, sender: this, ...questionOf(this.method, this.path, performance.now()) }
  }

  #end(outcome: Outcome): void {
    if (outcome.kind === 'answered' || this.isGone) return
    if (this.#response.hasBegun) this.#response.cut()
    else write(this.#response, replyTo(outcome))
  }
}

/** What goes on of the fields. */
function headersOf(
  { request, target, route }: Arrival,
  { appToken }: AppServerOptions<HttpMessage>,
): readonly string[] {
  const own = appToken === undefined || appToken.goesOn ? request.fields : withoutTokens(request.fields)
  const raw = target.host === undefined ? own : withHost(own, target.host)
  return route.kind === 'invoke' ? endToEndOfPieces(raw) : ofEvent(raw)
}

const headOf = ({ status, reason = usualReason(status), headers }: HttpHead): ResponseHead => ({
  status,
  reason,
  fields: headers,
})

export function write(response: Outgoing, reply: HttpReply): void {
  response.send(headOf(reply), reply.body)
}

// One request to a replica and its answer: kept until it is whole, or passed on as it comes.

import type { BodyWriter } from '../../h1/body.ts'
import type { Call, Request, ResponseEvents, Stage } from '../../h1/call.ts'
import type { H1Client } from '../../h1/client.ts'
import type { Framing } from '../../h1/framing.ts'
import { lasting } from '../../h1/known.ts'
import type { ResponseHead } from '../../h1/outgoing.ts'
import { Pieces } from '../../h1/pieces.ts'
import { reason } from '../../shared/log.ts'
import type { Exchanged, Outcome, Sender, SenderListener } from '../event.ts'
import { maxReplyBytes } from '../replica.ts'
import { isMissingRoute, statusVerdict } from './answers.ts'
import { endToEnd, endToEndOfPieces } from './headers.ts'
import type { HttpHead, HttpMessage, HttpReply, HttpRequest } from './message.ts'

/** Sends it to `target`. Never rejects. `not-run` is certain: not one byte of the request has left. The verdict is the caller's to give. */
export function exchange(
  client: H1Client,
  { method, headers: fields, body }: Omit<HttpRequest, 'path'>,
  target: string,
  sender: Sender,
): Promise<Exchanged<HttpReply>> {
  if (sender.isGone) return Promise.resolve({ kind: 'refused', refusal: 'cancelled' })
  const request: Request = { method, target, fields, framing: { kind: 'length', bytes: body.length }, body }
  return new Promise((resolve) => {
    new WholeReply(sender, resolve).start(client, request)
  })
}

/** As `exchange`, and passes the answer on while it arrives. */
export function relay(client: H1Client, message: HttpMessage, sender: Sender): Promise<Outcome> {
  if (sender.isGone) return Promise.resolve({ kind: 'refused', refusal: 'cancelled' })
  const {
    method,
    path: target,
    headers: fields,
    pieces,
    framing = { kind: 'length', bytes: message.body.length },
  } = message
  return new Promise((resolve) => {
    const body = pieces ?? message.body
    new Relay(message, sender, resolve).start(client, { method, target, fields, framing, body })
  })
}

/** What both have in common: one outcome, and an end to it when the sender goes away. */
abstract class Attempt<Done> implements SenderListener {
  readonly #sender: Sender
  readonly #resolve: (outcome: Done | Failed) => void
  #call: Call | undefined
  #isGivenUp = false

  constructor(sender: Sender, resolve: (outcome: Done | Failed) => void) {
    this.#sender = sender
    this.#resolve = resolve
    sender.onGone(this)
  }

  gone(): void {
    this.giveUp('the sender has gone away')
  }

  start(client: H1Client, request: Request): void {
    this.#call = client.request(request, this as unknown as ResponseEvents)
    // What came of it at once may be that it is not wanted any more.
    if (this.#isGivenUp) this.#call.abort(new Error('given up'))
  }

  protected giveUp(why: string): void {
    this.#isGivenUp = true
    this.#call?.abort(new Error(why))
  }

  protected resume(): void {
    this.#call?.resume()
  }

  protected finish(outcome: Done | Failed): void {
    this.#sender.forget(this)
    this.#call = undefined
    this.#resolve(outcome)
  }

  protected failure(error: Error, stage: Stage): Failed {
    if (this.#sender.isGone) return { kind: 'refused', refusal: 'cancelled' }
    const cause = reason(error)
    if (stage === 'waiting') return { kind: 'not-run', cause }
    return stage === 'answering' ? { kind: 'broken', cause, hasBegun: true } : { kind: 'broken', cause }
  }
}

type Failed = Exclude<Outcome, { kind: 'answered' | 'joined' }>

const ofReply = lasting(endToEnd)

class WholeReply extends Attempt<Exchanged<HttpReply>> implements ResponseEvents {
  #head: ResponseHead | undefined
  readonly #body = new Pieces()

  interim(): void {}

  head(head: ResponseHead): void {
    this.#head = head
  }

  data(bytes: Buffer): boolean {
    if (this.#body.size + bytes.length > maxReplyBytes) this.giveUp(`its answer is larger than ${maxReplyBytes} bytes`)
    else this.#body.add(bytes)
    return true
  }

  end(): void {
    const { status, reason, fields } = this.#head as ResponseHead
    const reply = { status, reason, headers: ofReply(fields), body: this.#body.whole() }
    this.finish({ kind: 'answered', reply })
  }

  failed(error: Error, stage: Stage): void {
    this.finish(this.failure(error, stage))
  }
}

class Relay extends Attempt<Outcome> implements ResponseEvents {
  readonly #message: HttpMessage
  #status = 0
  #writer: BodyWriter | undefined

  constructor(message: HttpMessage, sender: Sender, resolve: (outcome: Outcome) => void) {
    super(sender, resolve)
    this.#message = message
  }

  interim(head: ResponseHead): void {
    this.#message.inform(passedOn(head))
  }

  head(head: ResponseHead, announced: Framing): void {
    this.#status = head.status
    this.#writer = this.#message.begin(passedOn(head), announced)
    this.#writer.onDrain = () => this.resume()
  }

  data(bytes: Buffer): boolean {
    return this.#writer?.write(bytes) ?? true
  }

  end(trailers: readonly string[]): void {
    this.#writer?.end(endToEnd(trailers))
    const isMissing = isMissingRoute(this.#status)
    this.finish({ kind: 'answered', verdict: statusVerdict(this.#status), ...(isMissing && { isMissingRoute: true }) })
  }

  failed(error: Error, stage: Stage): void {
    this.#writer?.cut()
    this.finish(this.failure(error, stage))
  }
}

const passedOn = ({ status, reason, fields }: ResponseHead): HttpHead => ({
  status,
  reason,
  headers: endToEndOfPieces(fields),
})

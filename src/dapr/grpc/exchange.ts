// One call to a replica: its request goes out from what the message keeps, its reply passes through as it comes.

import type { Connection } from '../../h2/connection.ts'
import type { FieldSection } from '../../h2/field-section.ts'
import { errorCode } from '../../h2/protocol.ts'
import type { Stream, StreamEnd, StreamOwner } from '../../h2/stream.ts'
import type { BootWatch } from '../boot.ts'
import type { Event, Outcome } from '../event.ts'
import { isGrpc, isMissingRoute, statusOf, verdictOf } from './answers.ts'
import type { GrpcMessage, Relay, RequestReceiver } from './message.ts'

/** The status of a topic's answer is in the first bytes of its message. */
const mostSampleBytes = 1024

export class Exchange implements StreamOwner, RequestReceiver {
  isOver = false
  readonly #event: Event<GrpcMessage>
  readonly #relay: Relay
  readonly #boot: BootWatch
  readonly #resolve: (outcome: Outcome) => void
  readonly #forget: () => void
  #stream: Stream | undefined
  /** The head of a reply, held back until there is more: an event of a replica that only boots can still be tried elsewhere. */
  #withheld: FieldSection | undefined
  #hasBegun = false
  #sample: Buffer = nothing

  /** `resolve` is called once. */
  constructor(event: Event<GrpcMessage>, boot: BootWatch, resolve: (outcome: Outcome) => void) {
    this.#event = event
    this.#relay = event.message.relay
    this.#boot = boot
    this.#resolve = resolve
    this.#forget = event.sender.onGone(() => this.#abandon({ kind: 'refused', refusal: 'cancelled' }))
    if (event.sender.isGone) this.#abandon({ kind: 'refused', refusal: 'cancelled' })
  }

  /** Sends the request. The connection has room for it. */
  start(connection: Connection): void {
    this.#boot.connected()
    this.#relay.begin(this)
    this.#stream = connection.open(this, this.#relay.block)
    this.#stream.sendQueue(this.#relay.request, this.#relay.isRequestEnded)
  }

  /** The request never left. */
  notRun(cause: string): void {
    this.#finish({ kind: 'not-run', cause })
  }

  requestGrew(): void {
    if (this.#relay.isRequestEnded) this.#stream?.endData()
    else this.#stream?.pump()
  }

  replyTaken(bytes: number): void {
    this.#stream?.credit(bytes)
  }

  onSent(bytes: number): void {
    this.#relay.requestSent(bytes)
  }

  onHeaders(section: FieldSection, isEnd: boolean): void {
    if (this.#hasBegun || this.#withheld !== undefined || isEnd) this.#end(section)
    else if (section.isInterim) this.#relay.relayHeaders(section, false)
    else if (!isGrpc(section)) {
      const cause = `its answer is not gRPC (HTTP status ${section.status})`
      this.#abandon({ kind: 'broken', cause, hasBegun: true })
    } else {
      this.#withheld = section.keep()
      if (this.#event.route.kind === 'invoke') this.#begin()
    }
  }

  onData(bytes: Buffer, start: number, end: number, isEnd: boolean): void {
    this.#begin()
    if (this.#event.route.kind === 'topic') this.#takeSample(bytes, start, end)
    if (!this.#relay.relayData(bytes, start, end)) this.#break('the sender does not take its answer')
    else if (isEnd) this.#break('its answer has no status')
  }

  onClosed({ cause, isUntouched }: StreamEnd): void {
    if (isUntouched && !this.#hasBegun && this.#relay.request.isWhole) this.#finish({ kind: 'not-run', cause })
    else this.#finish(this.#broken(cause))
  }

  #takeSample(bytes: Buffer, start: number, end: number): void {
    const before = this.#sample
    const length = Math.min(end - start, mostSampleBytes - before.length)
    if (length <= 0) return
    this.#sample = Buffer.allocUnsafe(before.length + length)
    before.copy(this.#sample)
    bytes.copy(this.#sample, before.length, start, start + length)
  }

  #begin(): void {
    if (this.#withheld === undefined) return
    this.#hasBegun = true
    this.#relay.relayHeaders(this.#withheld, false)
    this.#withheld = undefined
  }

  /** The last section of a reply, or its only one. */
  #end(section: FieldSection): void {
    const { route } = this.#event
    const code = statusOf(section)
    const isMissing = code !== undefined && route.kind !== 'invoke' && isMissingRoute(code)
    if (code === undefined) this.#break('its answer has no status')
    else if (isMissing && !this.#hasBegun && this.#boot.isBooting()) {
      this.#abandon({ kind: 'not-run', cause: 'it has no such method yet' })
    } else {
      if (!isMissing) this.#boot.answered()
      this.#begin()
      this.#relay.relayHeaders(section, true)
      const verdict = verdictOf(route, code, this.#sample)
      this.#abandon({ kind: 'answered', verdict, ...(isMissing && { isMissingRoute: true }) })
    }
  }

  #break(cause: string): void {
    this.#abandon(this.#broken(cause))
  }

  #broken(cause: string): Outcome {
    const hasBegun = this.#hasBegun || this.#withheld !== undefined
    return hasBegun ? { kind: 'broken', cause, hasBegun } : { kind: 'broken', cause }
  }

  /** Whatever the replica still does for this call is not wanted. */
  #abandon(outcome: Outcome): void {
    const stream = this.#stream
    if (stream && !(stream.isLocalEnded && stream.isRemoteEnded)) stream.reset(errorCode.cancel)
    this.#finish(outcome)
  }

  #finish(outcome: Outcome): void {
    if (this.isOver) return
    this.isOver = true
    this.#forget()
    this.#resolve(outcome)
  }
}

const nothing = Buffer.alloc(0)

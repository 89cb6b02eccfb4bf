// One call to a replica: its request goes out from what the message keeps, its reply passes through as it comes.

import type { Connection } from '../../h2/connection.ts'
import type { FieldSection } from '../../h2/field-section.ts'
import { errorCode } from '../../h2/protocol.ts'
import type { Stream, StreamEnd, StreamOwner } from '../../h2/stream.ts'
import type { BootWatch } from '../boot.ts'
import type { Event, Outcome, SenderListener, Verdict } from '../event.ts'
import { codes, isGrpc, isMissingRoute, statusOf, verdictOf } from './answers.ts'
import { bulkVerdict } from './bulk.ts'
import type { GrpcMessage, Relay, RequestReceiver } from './message.ts'
import { hasOlderName, isBulk } from './methods.ts'
import { type Scheme, withScheme } from './scheme.ts'

/**
 * A reply to an event is withheld until its status has come, so that whoever dies in the middle of it has not answered, and
 * the event can be tried elsewhere. So many bytes of it; a longer one (of a binding, or of a bulk event with hundreds of entries)
 * passes as it comes, and is broken for its sender where it breaks.
 */
const mostWithheldBytes = 16 * 1024

export class Exchange implements StreamOwner, RequestReceiver, SenderListener {
  isOver = false
  readonly #event: Event<GrpcMessage>
  readonly #relay: Relay
  readonly #boot: BootWatch
  readonly #scheme: Scheme | undefined
  readonly #resolve: (outcome: Outcome) => void
  #stream: Stream | undefined
  #withheldHead: FieldSection | undefined
  #withheldData: Buffer = nothing
  /** The sender has the beginning of this reply. */
  #hasBegun = false

  /** `resolve` is called once. `scheme` is given where the request has another one. */
  constructor(event: Event<GrpcMessage>, boot: BootWatch, resolve: (outcome: Outcome) => void, scheme?: Scheme) {
    this.#event = event
    this.#relay = event.message.relay
    this.#boot = boot
    this.#scheme = scheme
    this.#resolve = resolve
    event.sender.onGone(this)
    if (event.sender.isGone) this.gone()
  }

  /** The sender has gone away. */
  gone(): void {
    this.#abandon({ kind: 'refused', refusal: 'cancelled' })
  }

  /** Sends the request. The connection has room for it. */
  start(connection: Connection): void {
    this.#boot.connected()
    this.#relay.begin(this)
    const { block } = this.#relay
    this.#stream = connection.open(this, this.#scheme === undefined ? block : withScheme(block, this.#scheme))
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
    if (this.#hasBegun || this.#withheldHead !== undefined || isEnd) this.#end(section)
    else if (section.isInterim) this.#relay.relayHeaders(section, false)
    else if (!isGrpc(section)) {
      const cause = `its answer is not gRPC (HTTP status ${section.status})`
      this.#abandon({ kind: 'broken', cause, hasBegun: true })
    } else {
      this.#withheldHead = section.keep()
      if (this.#event.route.kind === 'invoke') this.#passOn()
    }
  }

  onData(bytes: Buffer, start: number, end: number, isEnd: boolean): void {
    if (!this.#withhold(bytes, start, end)) {
      const isTaken = this.#passOn() && this.#relay.relayData(bytes, start, end)
      if (!isTaken) this.#break('the sender does not take its answer')
    }
    if (isEnd) this.#break('its answer has no status')
  }

  onClosed({ cause, isUntouched }: StreamEnd): void {
    if (isUntouched && !this.#hasBegun && this.#relay.request.isWhole) this.#finish({ kind: 'not-run', cause })
    else this.#finish(this.#broken(cause))
  }

  #withhold(bytes: Buffer, start: number, end: number): boolean {
    const before = this.#withheldData
    const length = before.length + end - start
    if (this.#hasBegun || length > mostWithheldBytes) return false
    this.#withheldData = Buffer.allocUnsafe(length)
    before.copy(this.#withheldData)
    bytes.copy(this.#withheldData, before.length, start, end)
    return true
  }

  /** From here on the reply passes as it comes, so the request will not be sent again. False if the sender takes no more. */
  #passOn(): boolean {
    this.#relay.request.stopKeeping()
    return this.#begin()
  }

  /** What is withheld goes to the sender. False if it takes no more. */
  #begin(): boolean {
    if (this.#withheldHead === undefined) return true
    this.#hasBegun = true
    this.#relay.relayHeaders(this.#withheldHead, false)
    this.#withheldHead = undefined
    const data = this.#withheldData
    return data.length === 0 || this.#relay.relayData(data, 0, data.length)
  }

  /** The last section of a reply, or its only one. */
  #end(section: FieldSection): void {
    const code = statusOf(section)
    const { route, message } = this.#event
    const isMissing = code !== undefined && isMissingRoute(code)
    const mayBoot = route.kind !== 'invoke' && !this.#hasBegun && this.#boot.isBooting()
    if (code === undefined) this.#break('its answer has no status')
    else if (isMissing && mayBoot) {
      this.#abandon({ kind: 'not-run', cause: 'it has no such method yet' })
    } else {
      // A server that has no methods yet says UNIMPLEMENTED to whatever comes, invocations among it.
      if (!isMissing) this.#boot.answered()
      this.#answer(section, code, isMissing && !hasOlderName(message.path))
    }
  }

  #answer(section: FieldSection, code: number, isMissingRoute: boolean): void {
    // Before the reply begins, for then the request goes.
    const verdict = this.#verdictOf(code)
    if (this.#begin()) {
      this.#relay.relayHeaders(section, true)
      this.#abandon(isMissingRoute ? { kind: 'answered', verdict, isMissingRoute } : { kind: 'answered', verdict })
    } else this.#break('the sender does not take its answer')
  }

  #verdictOf(code: number): Verdict {
    const { route, message } = this.#event
    if (code === codes.ok && isBulk(message.path)) return bulkVerdict(message.body, this.#withheldData)
    return verdictOf(route, code, this.#withheldData)
  }

  #break(cause: string): void {
    this.#abandon(this.#broken(cause))
  }

  #broken(cause: string): Outcome {
    return this.#hasBegun ? { kind: 'broken', cause, hasBegun: true } : { kind: 'broken', cause }
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
    this.#event.sender.forget(this)
    this.#resolve(outcome)
  }
}

const nothing = Buffer.alloc(0)

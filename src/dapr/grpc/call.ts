// One call of daprd: the message that the core hands on, and the sender's end of its stream.

import { ByteQueue } from '../../h2/byte-queue.ts'
import { type FieldSection, fieldList } from '../../h2/field-section.ts'
import { writeFields } from '../../h2/field-writer.ts'
import { errorCode } from '../../h2/protocol.ts'
import type { Stream, StreamOwner } from '../../h2/stream.ts'
import { Departure } from '../departure.ts'
import type { Outcome } from '../event.ts'
import type { Memory } from '../server.ts'
import { replyTo } from './answers.ts'
import type { GrpcMessage, GrpcReply, Relay, RequestReceiver } from './message.ts'

/** Of a request that streams, so many bytes are kept to be sent to another replica. */
const mostKeptBytes = 256 * 1024

export interface CallOptions {
  /** The header fields that go on, in memory of their own. */
  readonly block: Buffer
  readonly memory: Memory
  /** The whole request is awaited, up to so many bytes; 0 if it streams. */
  readonly awaitedBytes: number
  /** The call can be handled. */
  readonly onReady: (call: Call) => void
  /** It is given back before it could be handled. */
  readonly onRefused: (call: Call, refusal: 'too-large' | 'held-full' | 'no-token') => void
}

export class Call extends Departure implements GrpcMessage, Relay, StreamOwner {
  readonly path: string
  readonly block: Buffer
  readonly request: ByteQueue
  isRequestEnded: boolean

  readonly #stream: Stream
  readonly #options: CallOptions
  #exchange: RequestReceiver | undefined
  /** Bytes of the request that the sender may replace: at the first time that they go out. */
  #credited = 0
  #sentOfThisTry = 0
  #hasBegun = false
  #isOver = false

  constructor(stream: Stream, section: FieldSection, isEnd: boolean, options: CallOptions) {
    super()
    this.#stream = stream
    this.#options = options
    this.path = section.path as string
    this.block = options.block
    this.isRequestEnded = isEnd
    this.request = new ByteQueue(options.memory, { isKeeping: true })
  }

  get headers(): readonly string[] {
    return fieldList(this.block)
  }

  get body(): Buffer {
    return this.request.whole()
  }

  get relay(): Relay {
    return this
  }

  answer(reply: GrpcReply): void {
    if (this.#isOver) return
    this.#isOver = true
    sendReply(this.#stream, reply)
    this.request.clear()
  }

  /** The handler is done: what is kept goes, and whoever has not been answered is told what came of it. */
  settle(outcome: Outcome): void {
    if (outcome.kind !== 'answered' && !this.#isOver) {
      this.#isOver = true
      const reply = replyTo(outcome)
      if (this.#hasBegun) this.#stream.sendHeaders(writeFields(reply.trailers), true)
      else sendReply(this.#stream, reply)
    }
    this.request.release()
  }

  /** Gives it back before anybody handles it. */
  refuse(refusal: 'too-large' | 'held-full' | 'no-token'): void {
    this.#options.onRefused(this, refusal)
    this.settle({ kind: 'refused', refusal })
    this.leave()
  }

  /** The stream is the call's now. */
  start(): void {
    if (this.#options.awaitedBytes > 0) {
      if (this.isRequestEnded) this.#options.onReady(this)
      return
    }
    // After what has been read with it: a call that is opened and reset in one breath reaches nobody (CVE-2023-44487).
    queueMicrotask(() => {
      if (!this.isGone) this.#options.onReady(this)
    })
  }

  // What the sender's stream tells.

  /** Trailers of a request, of which gRPC has none: they end it. */
  onHeaders(): void {
    this.#end()
  }

  onData(bytes: Buffer, start: number, end: number, isEnd: boolean): void {
    const length = end - start
    const { awaitedBytes } = this.#options
    if (this.#isOver || awaitedBytes > 0) this.#stream.credit(length)
    if (this.#isOver) return
    // An event is one message, and says how long it is.
    if (awaitedBytes > 0 && !isEnd && length >= 5 && this.request.held === 0) {
      this.request.expect(5 + bytes.readUInt32BE(start + 1))
    }
    if (awaitedBytes > 0 && this.request.held + length > awaitedBytes) this.refuse('too-large')
    else if (!this.request.push(bytes, start, end, isEnd)) this.refuse('held-full')
    else if (isEnd) this.#end()
    else this.#grew()
  }

  onSent(bytes: number): void {
    this.#exchange?.replyTaken(bytes)
  }

  onClosed(): void {
    this.#isOver = true
    this.request.clear()
    this.leave()
  }

  #end(): void {
    this.isRequestEnded = true
    if (this.#options.awaitedBytes > 0) this.#options.onReady(this)
    else this.#exchange?.requestGrew()
  }

  #grew(): void {
    this.#exchange?.requestGrew()
    if (this.#exchange && this.request.held > mostKeptBytes) this.request.stopKeeping()
  }

  // What the exchange with a replica tells.

  begin(exchange: RequestReceiver): void {
    this.#exchange = exchange
    this.#sentOfThisTry = 0
    this.request.rewind()
  }

  requestSent(bytes: number): void {
    this.#sentOfThisTry += bytes
    // Of a request that is awaited all credit has been given back already.
    if (this.#options.awaitedBytes > 0 || this.#sentOfThisTry <= this.#credited) return
    this.#stream.credit(this.#sentOfThisTry - this.#credited)
    this.#credited = this.#sentOfThisTry
  }

  relayHeaders(section: FieldSection, isEnd: boolean): void {
    if (this.#isOver) return
    if (!section.isInterim) this.#hasBegun = true
    this.#stream.sendHeaders(section.block, isEnd)
    if (isEnd) this.#isOver = true
  }

  relayData(bytes: Buffer, start: number, end: number): boolean {
    return this.#stream.sendData(bytes, start, end, false)
  }
}

/** Without a message the status travels in the one section that there is (gRPC over HTTP/2, "Trailers-Only"). */
function sendReply(stream: Stream, { headers, body, trailers }: GrpcReply): void {
  if (body.length === 0) {
    stream.sendHeaders(writeFields([':status', '200', ...headers, ...trailers]), true)
    return
  }
  stream.sendHeaders(writeFields([':status', '200', ...headers]), false)
  if (stream.sendData(body, 0, body.length, false)) stream.sendHeaders(writeFields(trailers), true)
  else stream.reset(errorCode.enhanceYourCalm)
}

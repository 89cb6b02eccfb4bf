// One connection of a client: a request, its response, the next request.

import { Buffer } from 'node:buffer'
import type { OnReadOpts, Socket } from 'node:net'
import { performance } from 'node:perf_hooks'
import { viewsOf } from '../net/landing.ts'
import { BodyWriter, cork } from './body.ts'
import type { Call, Request, ResponseEvents } from './call.ts'
import { announcedTo, type Framing, framingLine, hasNoBody, noBody } from './framing.ts'
import { fieldLines, headBytes } from './head.ts'
import { lasting } from './known.ts'
import { Malformed } from './malformed.ts'
import { MessageReader, type ReaderEvents } from './reader.ts'
import { parseResponseHead, type ResponseHeadRead } from './response-head.ts'

/** Begins a connection that reads by `onread`. */
export type Dial = (wanted: {
  readonly onread: OnReadOpts
  /** Called once, when the connection may be written to. */
  readonly onConnected: () => void
}) => Socket

export interface ConnectionOwner {
  /** The response is complete, and the connection is good for another request. */
  idle(connection: ClientConnection): void
  /** `isDeserted`: it was open, and it was not we who closed it. */
  closed(connection: ClientConnection, isDeserted: boolean): void
}

/** Interim responses to one request. */
const maxInterim = 100
/** A body up to this size goes out in one piece with its head. */
const pieceBytes = 64 * 1024

const linesOf = lasting(fieldLines)

/** Where all that clients read lands: a read costs no memory, and what is kept of it is copied (`onread` of node:net). */
const landing = Buffer.allocUnsafeSlow(64 * 1024)

export class ClientConnection implements ReaderEvents<ResponseHeadRead>, Call {
  /** How long it is good for another request once it is idle, in milliseconds of `performance.now()`; 0: not at all. */
  untilMs = 0
  readonly #socket: Socket
  readonly #owner: ConnectionOwner
  readonly #reader: MessageReader<ResponseHeadRead>
  #events: ResponseEvents | undefined
  #method = ''
  #isConnected = false
  /** What is to be sent once the connection is there. */
  #waiting: Request | undefined
  #sending: BodyWriter | undefined
  #isRequestOver = true
  #interim = 0
  #isAnswering = false
  #error: Error | undefined
  #isDeserted = false
  #isGone = false

  constructor(dial: Dial, maxHeadBytes: number, owner: ConnectionOwner) {
    const view = viewsOf(landing)
    const callback = (length: number) => {
      this.#onData(view(length))
      return true
    }
    const socket = dial({ onread: { buffer: landing, callback }, onConnected: () => this.#onConnect() })
    this.#socket = socket
    this.#owner = owner
    this.#reader = new MessageReader(this, parseResponseHead, maxHeadBytes)
    socket.on('end', () => this.#onEnd())
    socket.on('drain', () => this.#sending?.onDrain())
    socket.on('error', (error) => {
      this.#isDeserted = this.#isConnected
      this.abort(error)
    })
    socket.on('close', () => this.destroy())
  }

  get isAlive(): boolean {
    return !this.#socket.destroyed
  }

  /** Only while it is idle. */
  start(request: Request, events: ResponseEvents): void {
    this.#events = events
    this.#method = request.method
    this.#interim = 0
    this.#isAnswering = false
    if (this.#isConnected) this.#send(request)
    else this.#waiting = request
  }

  resume(): void {
    this.#socket.resume()
  }

  abort(error: Error): void {
    this.#error ??= error
    this.destroy()
  }

  destroy(): void {
    this.#reader.stop()
    this.#socket.destroy()
    // Not in the close that follows a turn later: by then another connection may have taken its place.
    this.#fail()
    if (this.#isGone) return
    this.#isGone = true
    this.#owner.closed(this, this.#isDeserted)
  }

  head(head: ResponseHeadRead): Framing | 'interim' {
    const { status, framing, idleMs } = head
    if (status < 200) return this.#onInterim(head)
    const announced = announcedTo(this.#method, status, framing)
    const isReusable = announced.kind !== 'until-close' && idleMs > 0
    this.untilMs = isReusable ? performance.now() + idleMs : 0
    this.#events?.head(head, announced)
    return hasNoBody(this.#method, status) ? noBody : announced
  }

  data(bytes: Buffer): void {
    if (this.#events?.data(Buffer.from(bytes)) === false) this.#socket.pause()
  }

  end(trailers: readonly string[]): void {
    const events = this.#events
    this.#events = undefined
    events?.end(trailers)
  }

  #onConnect(): void {
    this.#isConnected = true
    const request = this.#waiting
    this.#waiting = undefined
    if (request !== undefined && this.#events !== undefined) this.#send(request)
  }

  #send({ method, target, fields, framing, body }: Request): void {
    const startLine = `${method} ${target} HTTP/1.1`
    const lines = linesOf(fields)
    const more = framingLine(framing)
    this.#isRequestOver = Buffer.isBuffer(body)
    if (!Buffer.isBuffer(body)) {
      cork(this.#socket)
      this.#socket.write(headBytes(startLine, lines, more))
      const writer = new BodyWriter(this.#socket, framing, () => {
        this.#isRequestOver = true
      })
      writer.onDrain = () => body.resume()
      this.#sending = writer
      body.flow(writer)
    } else if (body.length <= pieceBytes) this.#socket.write(headBytes(startLine, lines, more, body))
    else {
      cork(this.#socket)
      this.#socket.write(headBytes(startLine, lines, more))
      this.#socket.write(body)
    }
  }

  #onInterim(head: { status: number; reason: string; fields: readonly string[] }): 'interim' {
    this.#interim += 1
    if (head.status === 101) throw new Malformed('it switches protocols unasked')
    if (this.#interim > maxInterim) throw new Malformed(`it sends more than ${maxInterim} interim responses`)
    this.#events?.interim(head)
    return 'interim'
  }

  #onData(bytes: Buffer): void {
    if (this.#events === undefined) {
      this.#abortFor('it speaks unasked')
      return
    }
    this.#isAnswering = true
    try {
      const end = this.#reader.read(bytes)
      if (this.#events === undefined) this.#onComplete(end < bytes.length)
    } catch (error) {
      if (!(error instanceof Malformed)) throw error
      this.#abortFor(error.message)
    }
  }

  #onComplete(hasMore: boolean): void {
    const sending = this.#sending
    this.#sending = undefined
    // Whoever sends the rest of a request that is answered already sends it to nobody.
    sending?.abandon()
    const isReusable = this.#isRequestOver && !hasMore && this.untilMs > 0 && !this.#socket.destroyed
    if (!isReusable) {
      this.destroy()
      return
    }
    if (this.#socket.isPaused()) this.#socket.resume()
    this.#owner.idle(this)
  }

  #abortFor(message: string): void {
    this.abort(new Error(`its answer is no HTTP: ${message}`))
  }

  #onEnd(): void {
    this.#reader.close()
    this.#isDeserted = true
    this.#error ??= new Error('it closed the connection')
    this.destroy()
  }

  #fail(): void {
    const events = this.#events
    if (events === undefined) return
    this.#events = undefined
    this.#sending?.abandon()
    const stage = this.#waiting !== undefined ? 'waiting' : this.#isAnswering ? 'answering' : 'sent'
    this.#waiting = undefined
    events.failed(this.#error ?? new Error('it closed the connection'), stage)
  }
}

// One connection of a server: a request, its response, the next request.

import { Buffer } from 'node:buffer'
import type { Socket } from 'node:net'
import { performance } from 'node:perf_hooks'
import { receiving } from '../net/accepted.ts'
import type { Framing } from './framing.ts'
import { type Flow, Incoming } from './incoming.ts'
import { Malformed } from './malformed.ts'
import { Outgoing, type ResponseOwner } from './outgoing.ts'
import { MessageReader, type ReaderEvents, skipEmptyLines } from './reader.ts'
import { usualReason } from './reason.ts'
import { parseRequestHead, type RequestHead } from './request-head.ts'

export interface RequestHandler {
  /** Called once what arrived together with the head has been read as well. Answers through `response`, then or later. */
  request(request: Incoming, response: Outgoing): Exchange | undefined
}

/** Told if the sender goes away before it has its whole response. */
export interface Exchange {
  gone(): void
}

export interface ConnectionLimits {
  /** Bytes of a head, and of the fields behind a chunked body. */
  readonly maxHeadBytes: number
  /** From the first byte of a head to its last, in milliseconds. */
  readonly headTimeoutMs: number
  /** How long a sender may read nothing of what is written to it, send nothing of a body that is thrown away, or stay after its last response. Milliseconds. */
  readonly stallTimeoutMs: number
  /** Whoever sends nothing between two requests for that long goes as well; otherwise it may stay for ever. */
  readonly closesIdle?: boolean
}

/** Requests that were sent ahead may wait in this many bytes. */
const maxHeldBytes = 64 * 1024
/** After a half-close, in milliseconds: see `#probe`. Go takes no more than five interim responses. */
const probesAtMs = [0, 20, 200, 1000]

/** Where all that servers read lands: a read costs no memory, and what is kept of it is copied. */
const landing = Buffer.allocUnsafeSlow(64 * 1024)

export class ServerConnection implements ReaderEvents<RequestHead>, Flow, ResponseOwner {
  readonly #socket: Socket
  readonly #limits: ConnectionLimits
  readonly #handler: RequestHandler
  readonly #reader: MessageReader<RequestHead>
  #request: Incoming | undefined
  #response: Outgoing | undefined
  #exchange: Exchange | undefined
  /** The request whose head has just been read. */
  #fresh: Incoming | undefined
  #held: Buffer | undefined
  #isFeeding = false
  #isClosing = false
  /** When the head that is not complete began. */
  #headSinceMs = 0
  #stalledSinceMs = performance.now()
  #lastUnwritten = 0
  #lastBytesRead = 0

  constructor(accepted: Socket, limits: ConnectionLimits, handler: RequestHandler) {
    const socket = receiving(accepted, landing, (bytes) => this.#onData(bytes))
    this.#socket = socket
    this.#limits = limits
    this.#handler = handler
    this.#reader = new MessageReader(this, parseRequestHead, limits.maxHeadBytes)
    socket.setNoDelay(true)
    socket.on('end', () => this.#onEnd())
    socket.on('close', () => this.#onClose())
    socket.on('drain', () => this.#response?.drained())
    socket.on('error', () => {}) // What is wrong shows in the close that follows.
  }

  destroy(): void {
    this.#socket.destroy()
  }

  /** Called now and then: ends what has taken too long. */
  sweep(nowMs: number): void {
    const { headTimeoutMs, stallTimeoutMs, closesIdle } = this.#limits
    if (!this.#isClosing && this.#reader.isInHead && nowMs - this.#headSinceMs > headTimeoutMs) {
      this.#refuse(new Malformed('the head takes too long', 408))
    }
    const request = this.#request
    if (request !== undefined && !request.isComplete && nowMs > request.deadlineMs) {
      this.destroy()
      return
    }
    const { writableLength: unwritten, bytesRead } = this.#socket
    const isIdle = request === undefined && bytesRead === this.#lastBytesRead
    const isUnread = unwritten > 0 && unwritten === this.#lastUnwritten
    const isStalled = this.#isClosing || isUnread || (closesIdle === true && isIdle)
    this.#lastUnwritten = unwritten
    this.#lastBytesRead = bytesRead
    if (!isStalled) this.#stalledSinceMs = nowMs
    else if (nowMs - this.#stalledSinceMs > stallTimeoutMs) this.destroy()
  }

  head(head: RequestHead): Framing {
    this.#fresh = new Incoming(head, this)
    this.#request = this.#fresh
    return this.#fresh.framing
  }

  data(bytes: Buffer): void {
    this.#request?.push(bytes)
  }

  end(trailers: readonly string[]): void {
    const request = this.#request
    this.#request?.finish(trailers)
    // The response came before the end of its request.
    if (request !== this.#fresh && this.#response === undefined) this.#request = undefined
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  #onData(bytes: Buffer): void {
    if (this.#isClosing) return
    const isBusy = this.#request?.isComplete === true
    if (!isBusy && this.#held === undefined) {
      this.#feed(bytes)
      return
    }
    this.#held = Buffer.concat(this.#held === undefined ? [bytes] : [this.#held, bytes])
    if (this.#held.length > maxHeldBytes) this.#socket.pause()
  }

  #feed(bytes: Buffer): void {
    this.#isFeeding = true
    try {
      let rest: Buffer | undefined = bytes
      while (rest !== undefined && !this.#isClosing) rest = this.#readOne(rest)
    } catch (error) {
      if (!(error instanceof Malformed)) throw error
      this.#refuse(error)
    } finally {
      this.#isFeeding = false
    }
  }

  /** Reads up to the end of one request. Returns what is to be read next, undefined if that is still to come or has to wait. */
  #readOne(bytes: Buffer): Buffer | undefined {
    const wasInHead = this.#reader.isInHead
    const end = this.#reader.read(bytes, this.#reader.isBetween ? skipEmptyLines(bytes) : 0)
    if (this.#reader.isInHead && !wasInHead) this.#headSinceMs = performance.now()
    this.#held = end < bytes.length ? bytes.subarray(end) : undefined
    const request = this.#fresh
    if (request !== undefined) {
      this.#fresh = undefined
      this.#response = new Outgoing(this.#socket, request, this)
      this.#exchange = this.#handler.request(request, this.#response)
      if (this.#response === undefined) this.#exchange = undefined
    }
    const next = this.#held
    if (this.#request === undefined) {
      this.#held = undefined
      return next
    }
    if (next !== undefined) this.#held = Buffer.from(next)
    return undefined
  }

  responded(keepsAlive: boolean): void {
    const request = this.#request
    this.#response = undefined
    this.#exchange = undefined
    if (request === undefined || !keepsAlive || this.#socket.readableEnded) {
      this.#leave()
      return
    }
    if (!request.isComplete) {
      request.deadlineMs = performance.now() + this.#limits.stallTimeoutMs
      request.discard()
      return
    }
    this.#request = undefined
    const next = this.#held
    if (this.#socket.isPaused()) this.#socket.resume()
    if (this.#isFeeding || next === undefined) return
    this.#held = undefined
    this.#feed(next)
  }

  #refuse(error: Malformed): void {
    this.#request?.cut()
    const exchange = this.#exchange
    const hasBegun = this.#response?.hasBegun === true
    this.#response?.abandon()
    if (hasBegun) this.#socket.destroy()
    else {
      const method = this.#request?.method ?? ''
      const asked = { method, isHttp10: false, keepsAlive: false, isOpenEnded: false }
      const fields = ['Content-Type', 'text/plain; charset=utf-8']
      const head = { status: error.status, reason: usualReason(error.status), fields }
      new Outgoing(this.#socket, asked, this).send(head, Buffer.from(`${error.message}\n`))
    }
    this.#response = undefined
    this.#exchange = undefined
    exchange?.gone()
  }

  /** Says that nothing more comes, and waits for the sender to close: to close with bytes unread would reset what it has not read yet. */
  #leave(): void {
    this.#isClosing = true
    this.#reader.stop()
    this.#socket.end()
    this.#socket.resume()
  }

  #onEnd(): void {
    if (this.#isClosing) return
    const response = this.#response
    if (response === undefined || this.#request?.isComplete !== true) {
      // Between two requests, or in the middle of one.
      if (this.#reader.isBetween) this.#socket.end()
      else this.#socket.destroy()
    } else if (response.hasBegun) this.#socket.destroy()
    else this.#probe(response, this.#request)
  }

  /**
   * The sender has closed its side. It may still want its response, or be gone for good; the two look the same until it is
   * written to: one who is gone answers with a reset. An interim response means nothing to one who is still there.
   */
  #probe(response: Outgoing, request: Incoming): void {
    if (request.isHttp10) return
    for (const afterMs of probesAtMs) {
      setTimeout(() => {
        if (response === this.#response) response.inform({ status: 100, reason: 'Continue', fields: [] })
      }, afterMs).unref()
    }
  }

  #onClose(): void {
    this.#isClosing = true
    this.#request?.cut()
    const exchange = this.#exchange
    this.#response?.abandon()
    this.#response = undefined
    this.#exchange = undefined
    exchange?.gone()
  }
}

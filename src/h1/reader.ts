// Reads messages off one connection, however their bytes are split, and holds no body.

import { Buffer } from 'node:buffer'
import { ChunkReader } from './chunks.ts'
import type { Framing } from './framing.ts'
import type { ParseHead } from './known.ts'
import { Malformed } from './malformed.ts'

export interface ReaderEvents<Head> {
  /** Says how the body that follows is framed; `interim`: none, and another head follows that belongs to the same message. */
  head(head: Head): Framing | 'interim'
  data(bytes: Buffer): void
  /** The message is complete. The fields are those behind a chunked body. */
  end(trailers: readonly string[]): void
}

const noFields: readonly string[] = []
const endOfHead = '\r\n\r\n'
const nothing = Buffer.alloc(0)
const cr = 13
const lf = 10

/** Throws Malformed from `read` and must not be used after that. */
export class MessageReader<Head> {
  readonly #events: ReaderEvents<Head>
  readonly #parse: ParseHead<Head>
  readonly #maxHeadBytes: number
  #expects: 'head' | 'length' | 'chunked' | 'until-close' = 'head'
  /** What there is of a head that is not complete. */
  #partial: Buffer = nothing
  /** Bytes of a body of known length that are still to come. */
  #left = 0
  #chunks: ChunkReader | undefined
  #hasEnded = false
  #isStopped = false

  constructor(events: ReaderEvents<Head>, parse: ParseHead<Head>, maxHeadBytes: number) {
    this.#events = events
    this.#parse = parse
    this.#maxHeadBytes = maxHeadBytes
  }

  /** No message is under way, not even the first byte of one. */
  get isBetween(): boolean {
    return this.#expects === 'head' && this.#partial.length === 0
  }

  /** A head has begun and is not complete. */
  get isInHead(): boolean {
    return this.#partial.length > 0
  }

  /** Reads from `from` on, up to the end of one message at most. Returns where it stopped. */
  read(bytes: Buffer, from = 0): number {
    let at = from
    this.#hasEnded = false
    while (at < bytes.length && !this.#hasEnded && !this.#isStopped) {
      at = this.#expects === 'head' ? this.#readHead(bytes, at) : this.#readBody(bytes, at)
    }
    return at
  }

  /** The other side sends nothing more. True if no message is cut by that; one that ends with its connection ends now. */
  close(): boolean {
    if (this.#expects === 'until-close') this.#finish(noFields)
    return this.isBetween
  }

  /** Reads nothing more, not even the rest of what it is reading. */
  stop(): void {
    this.#isStopped = true
  }

  #readHead(bytes: Buffer, from: number): number {
    const hasPartial = this.#partial.length > 0
    const whole = hasPartial ? Buffer.concat([this.#partial, from === 0 ? bytes : bytes.subarray(from)]) : bytes
    const start = hasPartial ? 0 : from
    const end = whole.indexOf(endOfHead, Math.max(start, this.#partial.length - 3), 'latin1')
    // Three bytes of the line that ends it may be there already.
    const size = end === -1 ? whole.length - start - 3 : end - start
    if (size > this.#maxHeadBytes) {
      throw new Malformed(`the head is larger than ${this.#maxHeadBytes} bytes`, 431)
    }
    if (end === -1) {
      // What was read may be written over by the next read.
      this.#partial = hasPartial ? whole : Buffer.from(bytes.subarray(start))
      refuseLoneNewline(this.#partial)
      return bytes.length
    }
    // Where the head ends within `bytes`.
    const next = end + endOfHead.length - (whole.length - bytes.length)
    this.#partial = nothing
    const framing = this.#events.head(this.#parse(whole, start, end))
    if (framing !== 'interim') this.#begin(framing)
    return next
  }

  #begin(framing: Framing): void {
    switch (framing.kind) {
      case 'none':
        this.#finish(noFields)
        return
      case 'length':
        if (framing.bytes === 0) {
          this.#finish(noFields)
          return
        }
        this.#left = framing.bytes
        break
      case 'chunked':
        this.#chunks = new ChunkReader(this.#events, this.#maxHeadBytes)
        break
      case 'until-close':
    }
    this.#expects = framing.kind
  }

  #readBody(bytes: Buffer, at: number): number {
    if (this.#expects === 'chunked') {
      const chunks = this.#chunks as ChunkReader
      const end = chunks.read(bytes, at)
      if (chunks.trailers !== undefined) this.#finish(chunks.trailers)
      return end
    }
    const end = this.#expects === 'length' ? Math.min(bytes.length, at + this.#left) : bytes.length
    this.#left -= end - at
    this.#events.data(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end))
    if (this.#expects === 'length' && this.#left === 0) this.#finish(noFields)
    return end
  }

  #finish(trailers: readonly string[]): void {
    this.#expects = 'head'
    this.#hasEnded = true
    this.#chunks = undefined
    if (!this.#isStopped) this.#events.end(trailers)
  }
}

/** Where the next message begins: an empty line before a request means nothing (RFC 9112 §2.2). */
export function skipEmptyLines(bytes: Buffer): number {
  let at = 0
  while (bytes[at] === cr && bytes[at + 1] === lf) at += 2
  return at
}

/** A head whose lines end with LF alone would never come to an end for us. */
function refuseLoneNewline(bytes: Buffer): void {
  for (let at = bytes.indexOf(lf); at !== -1; at = bytes.indexOf(lf, at + 1)) {
    if (bytes[at - 1] !== cr) throw new Malformed('a line ends without CR')
  }
}

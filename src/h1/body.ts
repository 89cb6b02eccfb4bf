// Bodies on their way: where one comes from, where one goes, and how it is framed on a socket.

import { Buffer } from 'node:buffer'
import type { Socket } from 'node:net'
import type { Framing } from './framing.ts'
import { fieldLines, headBytes } from './head.ts'

/** A body that arrives in pieces. */
export interface BodySource {
  /** Starts it; called once. A sink that answers false to a piece is given no more until `resume`. */
  flow(to: BodySink): void
  resume(): void
}

export interface BodySink {
  /** False: enough for now. */
  write(bytes: Buffer): boolean
  end(trailers: readonly string[]): void
  /** The rest will never come. */
  cut(): void
}

const lastChunk = Buffer.from('0\r\n\r\n')
const crlf = Buffer.from('\r\n')

/** Writes one body behind its head. A body that is shorter or longer than its length costs the connection: the other side must see that it is cut. */
export class BodyWriter implements BodySink {
  readonly #socket: Socket
  readonly #framing: Framing
  readonly #onEnd: () => void
  #left: number
  #isOver = false
  /** Called when there is room again after `write` answered false. */
  onDrain: () => void = () => {}

  constructor(socket: Socket, framing: Framing, onEnd: () => void) {
    this.#socket = socket
    this.#framing = framing
    this.#onEnd = onEnd
    this.#left = framing.kind === 'length' ? framing.bytes : 0
  }

  write(bytes: Buffer): boolean {
    if (this.#isOver || bytes.length === 0) return true
    switch (this.#framing.kind) {
      case 'none':
        return true
      case 'until-close':
        return this.#socket.write(bytes)
      case 'length':
        this.#left -= bytes.length
        if (this.#left < 0) {
          this.cut()
          return true
        }
        return this.#socket.write(bytes)
      case 'chunked': {
        cork(this.#socket)
        this.#socket.write(`${bytes.length.toString(16)}\r\n`, 'latin1')
        this.#socket.write(bytes)
        return this.#socket.write(crlf)
      }
    }
  }

  end(trailers: readonly string[]): void {
    if (this.#isOver) return
    if (this.#left > 0) {
      this.cut()
      return
    }
    this.#isOver = true
    if (this.#framing.kind === 'chunked') {
      if (trailers.length === 0) this.#socket.write(lastChunk)
      else this.#socket.write(headBytes('0', fieldLines(passable(trailers))))
    }
    this.#onEnd()
  }

  /** Writes nothing more, and leaves the connection to whoever has it. */
  abandon(): void {
    this.#isOver = true
    this.onDrain()
  }

  cut(): void {
    if (this.#isOver) return
    this.#isOver = true
    // A reset, because the plain end of a connection is also that of a body without a length. TLS has an end of its own, which is not sent.
    if (this.#framing.kind === 'until-close' && !('encrypted' in this.#socket)) this.#socket.resetAndDestroy()
    else this.#socket.destroy()
  }
}

// They frame and route a message, which trailers must not (RFC 9110 §6.5.1).
const neverBehind = new Set([
  'connection',
  'content-length',
  'host',
  'keep-alive',
  'te',
  'transfer-encoding',
  'upgrade',
])

const passable = (trailers: readonly string[]): string[] =>
  trailers.filter((_text, i) => !neverBehind.has((trailers[i - (i % 2)] as string).toLowerCase()))

/** What is written until the end of this turn goes out together. */
export function cork(socket: Socket): void {
  if (socket.writableCorked > 0) return
  socket.cork()
  queueMicrotask(() => socket.uncork())
}

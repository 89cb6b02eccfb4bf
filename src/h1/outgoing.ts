// The response that a server gives to one request.

import type { Buffer } from 'node:buffer'
import type { Socket } from 'node:net'
import { BodyWriter, cork } from './body.ts'
import { chunked, type Framing, framingLine, hasNoBody, noBody, untilClose } from './framing.ts'
import { fieldLines, headBytes } from './head.ts'
import { lasting } from './known.ts'

export interface ResponseHead {
  readonly status: number
  readonly reason: string
  /** End-to-end fields: those that frame the body or speak of the connection are written here. */
  readonly fields: readonly string[]
}

/** What the response has to know of its request. */
export interface Asked {
  readonly method: string
  readonly isHttp10: boolean
  readonly keepsAlive: boolean
  /** Its body may follow or not, so nobody can tell where the next request begins. */
  readonly isOpenEnded: boolean
}

export interface ResponseOwner {
  /** The whole response has been written. `keepsAlive`: the connection is good for another request. */
  responded(keepsAlive: boolean): void
}

/** A body up to this size goes out in one piece with its head. A larger one is not copied, and goes in pieces so that a slow reader is seen to read. */
const pieceBytes = 64 * 1024

const linesOf = lasting(fieldLines)

export class Outgoing {
  readonly #socket: Socket
  readonly #asked: Asked
  readonly #owner: ResponseOwner
  #keepsAlive: boolean
  #writer: BodyWriter | undefined
  #hasBegun = false
  #isOver = false

  constructor(socket: Socket, asked: Asked, owner: ResponseOwner) {
    this.#socket = socket
    this.#asked = asked
    this.#owner = owner
    this.#keepsAlive = asked.keepsAlive
  }

  get hasBegun(): boolean {
    return this.#hasBegun
  }

  /** An interim (1xx) response. HTTP/1.0 knows none. */
  inform({ status, reason, fields }: ResponseHead): void {
    if (this.#hasBegun || this.#isOver || this.#asked.isHttp10) return
    this.#socket.write(headBytes(`HTTP/1.1 ${status} ${reason}`, linesOf(fields)))
  }

  /** The whole response at once. */
  send(head: ResponseHead, body: Buffer): void {
    if (this.#isOver) return
    const hasBody = !hasNoBody(this.#asked.method, head.status)
    const framing: Framing = hasBody ? { kind: 'length', bytes: body.length } : noBody
    if (!hasBody) this.#begin(head, framing)
    else if (body.length <= pieceBytes) this.#begin(head, framing, body)
    else {
      this.#begin(head, framing)
      for (let at = 0; at < body.length; at += pieceBytes) this.#socket.write(body.subarray(at, at + pieceBytes))
    }
    this.#finish()
  }

  /** Begins a response whose body follows. `announced` is what its fields say of a body, also where there is none (HEAD). */
  begin(head: ResponseHead, announced: Framing): BodyWriter {
    const framing = this.#framed(announced)
    const body = hasNoBody(this.#asked.method, head.status) ? noBody : framing
    const writer = new BodyWriter(this.#socket, body, () => this.#finish())
    this.#writer = writer
    if (this.#isOver) writer.abandon()
    else {
      cork(this.#socket)
      this.#begin(head, framing)
    }
    return writer
  }

  /** It has begun and will not be complete; whoever reads it must see that. */
  cut(): void {
    if (this.#isOver) return
    if (this.#writer === undefined) this.#socket.destroy()
    else this.#writer.cut()
  }

  /** For the connection: what has been written is on its way. */
  drained(): void {
    this.#writer?.onDrain()
  }

  /** For the connection: nobody is there to read it, or something else has been said. */
  abandon(): void {
    this.#isOver = true
    this.#writer?.abandon()
  }

  #finish(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#owner.responded(this.#keepsAlive)
  }

  /** A body without a length is in chunks for those who know them. */
  #framed(announced: Framing): Framing {
    const isOpen = announced.kind === 'until-close' || announced.kind === 'chunked'
    if (!isOpen) return announced
    return this.#asked.isHttp10 ? untilClose : chunked
  }

  /** Writes the head, and a small body with it. */
  #begin({ status, reason, fields }: ResponseHead, framing: Framing, body?: Buffer): void {
    this.#hasBegun = true
    if (framing.kind === 'until-close' || this.#asked.isOpenEnded) this.#keepsAlive = false
    const more = framingLine(framing) + this.#connectionLine()
    this.#socket.write(headBytes(`HTTP/1.1 ${status} ${reason}`, linesOf(fields), more, body))
  }

  #connectionLine(): string {
    if (!this.#keepsAlive) return 'Connection: close\r\n'
    return this.#asked.isHttp10 ? 'Connection: keep-alive\r\n' : ''
  }
}

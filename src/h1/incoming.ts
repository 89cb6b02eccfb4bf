// A request as a server reads it.

import { Buffer } from 'node:buffer'
import type { BodySink, BodySource } from './body.ts'
import type { Framing } from './framing.ts'
import { Pieces } from './pieces.ts'
import type { RequestHead } from './request-head.ts'

/** Bytes of a body that wait here until somebody wants them. */
const maxQueuedBytes = 64 * 1024

/** Holds the reading up, and lets it go on. */
export interface Flow {
  pause(): void
  resume(): void
}

export class Incoming implements BodySource {
  readonly method: string
  /** As it was sent: a path with its query, an absolute URL, or `*`. */
  readonly target: string
  readonly fields: readonly string[]
  readonly isHttp10: boolean
  readonly framing: Framing
  readonly keepsAlive: boolean
  /** The sender waits for `100 Continue` before it sends its body. */
  readonly expectsContinue: boolean
  /** The body must be there by then, in milliseconds of `performance.now()`; by default never. */
  deadlineMs = Number.POSITIVE_INFINITY
  readonly #flow: Flow
  readonly #queue = new Pieces()
  #hasArrived = false
  #sink: BodySink | undefined
  #trailers: readonly string[] | undefined

  constructor(head: RequestHead, flow: Flow) {
    this.method = head.method
    this.target = head.target
    this.fields = head.fields
    this.isHttp10 = head.isHttp10
    this.framing = head.framing
    this.keepsAlive = head.keepsAlive
    this.expectsContinue = head.expectsContinue
    this.#flow = flow
  }

  /** The whole request has been read. */
  get isComplete(): boolean {
    return this.#trailers !== undefined
  }

  /** What has been read of the body by now, if nothing has taken it yet. */
  queued(): Buffer {
    return this.#queue.whole()
  }

  /** Whoever waits for `100 Continue` may send its body or, once it has its answer, leave it out. */
  get isOpenEnded(): boolean {
    return this.expectsContinue && this.#trailers === undefined && !this.#hasArrived
  }

  flow(to: BodySink): void {
    this.#sink = to
    let hasRoom = true
    for (const bytes of this.#queue.take()) hasRoom = to.write(bytes) && hasRoom
    if (this.#trailers !== undefined) to.end(this.#trailers)
    else if (hasRoom) this.#flow.resume()
    else this.#flow.pause()
  }

  resume(): void {
    this.#flow.resume()
  }

  /** For the connection: a piece has arrived. What is kept of it is copied: the next read lands in the same memory. */
  push(bytes: Buffer): void {
    this.#hasArrived = true
    if (this.#sink === undefined) {
      this.#queue.add(Buffer.from(bytes))
      if (this.#queue.size > maxQueuedBytes) this.#flow.pause()
    } else if (!this.#sink.write(Buffer.from(bytes))) this.#flow.pause()
  }

  /** For the connection: the body is complete. */
  finish(trailers: readonly string[]): void {
    this.#trailers = trailers
    this.#sink?.end(trailers)
  }

  /** For the connection: the rest will not come. */
  cut(): void {
    if (this.isComplete) return
    this.#sink?.cut()
    this.#sink = nowhere
  }

  /** Whatever else comes of it is thrown away. */
  discard(): void {
    if (this.isComplete) return
    this.#queue.clear()
    this.#sink = nowhere
    this.#flow.resume()
  }
}

const nowhere: BodySink = { write: () => true, end: () => {}, cut: () => {} }

// One request of a client, from its wish to the end of its response.

import type { BodySource } from './body.ts'
import type { Framing } from './framing.ts'
import type { ResponseHead } from './outgoing.ts'

export interface Request {
  readonly method: string
  readonly target: string
  /** End-to-end fields: what frames the body is written here. */
  readonly fields: readonly string[]
  readonly framing: Framing
  /** All of it, or where it comes from. */
  readonly body: Buffer | BodySource
}

/** How far a request had come: certainly not one byte of it has left; it went out; bytes came back. */
export type Stage = 'waiting' | 'sent' | 'answering'

/** What becomes of a request. `end` or `failed` comes once, and nothing after it. */
export interface ResponseEvents {
  /** An interim (1xx) response. */
  interim(head: ResponseHead): void
  /** `announced` is what the fields say of a body, also where there is none (HEAD). The fields are as they came. */
  head(head: ResponseHead, announced: Framing): void
  /** False: no more until `resume`. */
  data(bytes: Buffer): boolean
  end(trailers: readonly string[]): void
  failed(error: Error, stage: Stage): void
}

export interface Call {
  /** Goes on after `data` has answered false. */
  resume(): void
  /** Gives it up: it fails, and its connection is cut. */
  abort(error: Error): void
}

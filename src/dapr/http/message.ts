// What travels over the HTTP app channel.

import type { BodySource, BodyWriter } from '../../h1/body.ts'
import type { Framing } from '../../h1/framing.ts'

/** `headers` is a flat list of name, value, name, value as on the wire, without hop-by-hop fields and Content-Length. */
export interface HttpRequest {
  readonly method: string
  /** Path and query, as in the request line. */
  readonly path: string
  readonly headers: readonly string[]
  /** The whole body; empty if it comes in `pieces`. */
  readonly body: Buffer
}

/** A request together with the way back. The answer is given once: whole, or begun and then written to its end. */
export interface HttpMessage extends HttpRequest {
  /** How the sender framed the body of an invocation. The body of an event has a length, however it came. */
  readonly framing?: Framing | undefined
  /** The body of an invocation that had not arrived as a whole. */
  readonly pieces?: BodySource | undefined
  /** Passes an interim (1xx) answer on. */
  inform(head: HttpHead): void
  answer(reply: HttpReply): void
  begin(head: HttpHead, framing: Framing): BodyWriter
}

export interface HttpHead {
  readonly status: number
  /** The phrase behind the status; by default the usual one. */
  readonly reason?: string
  readonly headers: readonly string[]
}

export interface HttpReply extends HttpHead {
  readonly body: Buffer
}

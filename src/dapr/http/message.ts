// What travels over the HTTP app channel.

/** `headers` is a flat list of name, value, name, value as on the wire, without hop-by-hop fields and Content-Length. */
export interface HttpRequest {
  readonly method: string
  /** Path and query, as in the request line. */
  readonly path: string
  readonly headers: readonly string[]
  readonly body: Buffer
}

/** A request together with the way back. */
export interface HttpMessage extends HttpRequest {
  /** Called once, with the whole reply. */
  answer(reply: HttpReply): void
}

export interface HttpReply {
  readonly status: number
  readonly headers: readonly string[]
  readonly body: Buffer
}

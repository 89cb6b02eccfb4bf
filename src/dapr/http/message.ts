// What travels over the HTTP app channel.

/** `headers` is a flat list of name, value, name, value as on the wire, without hop-by-hop fields and Content-Length. */
export interface HttpMessage {
  readonly method: string
  /** Path and query, as in the request line. */
  readonly path: string
  readonly headers: readonly string[]
  readonly body: Buffer
}

export interface HttpReply {
  readonly status: number
  readonly headers: readonly string[]
  readonly body: Buffer
}

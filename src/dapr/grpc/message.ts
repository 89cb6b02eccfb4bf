// What travels over the gRPC app channel: the frames of one call, kept as they came.

/** `headers` is a flat list of name, value, name, value, without pseudo-headers. */
export interface GrpcRequest {
  /** `/package.Service/Method` */
  readonly path: string
  readonly headers: readonly string[]
  /** The length-prefixed messages of the request, byte for byte. */
  readonly body: Buffer
}

/** A request together with the way back. */
export interface GrpcMessage extends GrpcRequest {
  /** Called once, with the whole reply. */
  answer(reply: GrpcReply): void
}

export interface GrpcReply {
  readonly headers: readonly string[]
  /** The length-prefixed messages of the reply; empty if it is trailers only. */
  readonly body: Buffer
  /** With `grpc-status`, `grpc-message` and whatever else the function sent after its messages. */
  readonly trailers: readonly string[]
}

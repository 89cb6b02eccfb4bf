// What travels over the gRPC app channel: the frames of one call, kept as they came.

import type { ByteQueue } from '../../h2/byte-queue.ts'
import type { FieldSection } from '../../h2/field-section.ts'

/** `headers` is a flat list of name, value, name, value, without pseudo-headers. */
export interface GrpcRequest {
  /** `/package.Service/Method` */
  readonly path: string
  readonly headers: readonly string[]
  /** The length-prefixed messages of the request, byte for byte; of a call that streams, those that are here already. */
  readonly body: Buffer
}

/** A request together with the way back. */
export interface GrpcMessage extends GrpcRequest {
  /** Called once, with the whole reply. */
  answer(reply: GrpcReply): void
  /** For a reply that passes through frame by frame. */
  readonly relay: Relay
}

export interface GrpcReply {
  readonly headers: readonly string[]
  /** The length-prefixed messages of the reply; empty if it is trailers only. */
  readonly body: Buffer
  /** With `grpc-status`, `grpc-message` and whatever else the function sent after its messages. */
  readonly trailers: readonly string[]
}

/** The sender's end of a call, as the exchange with a replica sees it. */
export interface Relay {
  /** The header fields of the request, in a form that any connection understands. */
  readonly block: Buffer
  /** What has come of the request so far. It can be sent again as long as it `isWhole`. */
  readonly request: ByteQueue
  readonly isRequestEnded: boolean
  /** An exchange with a replica begins, and the request is sent from its beginning. */
  begin(exchange: RequestReceiver): void
  /** So many bytes of the request have gone out. */
  requestSent(bytes: number): void
  /** A section of the reply. After one that is not interim no other reply can be given. */
  relayHeaders(section: FieldSection, isEnd: boolean): void
  /** DATA of the reply. False if the sender does not take it and there is no room to keep it. */
  relayData(bytes: Buffer, start: number, end: number): boolean
}

/** The replica's end of a call, as the sender's end sees it. */
export interface RequestReceiver {
  /** There is more of the request, or it has come to its end. */
  requestGrew(): void
  /** The sender has taken so many bytes of the reply. */
  replyTaken(bytes: number): void
}

// The one table of gRPC status codes: what daprd is told, and what an answer of the function means to it.

import type { FieldSection } from '../../h2/field-section.ts'
import { explain, type Outcome, type Refusal, type Route, type Verdict } from '../event.ts'
import type { GrpcReply } from './message.ts'
import { firstMessage, frame, readFields } from './wire.ts'

/** Status codes of gRPC that we give or look for (grpc/doc/statuscodes.md). */
export const codes = {
  ok: 0,
  deadlineExceeded: 4,
  resourceExhausted: 8,
  unimplemented: 12,
  unavailable: 14,
  unauthenticated: 16,
} as const

// UNAVAILABLE has daprd deliver the event again; UNIMPLEMENTED would have it acknowledged and lost (dapr postman/grpc).
const refusalCode: Readonly<Record<Refusal, number>> = {
  'no-replica': codes.unavailable,
  'held-full': codes.unavailable,
  deadline: codes.deadlineExceeded,
  cancelled: codes.unavailable,
  'too-large': codes.resourceExhausted,
  'no-token': codes.unauthenticated,
}

/** The reply to daprd for an event that came to nothing. */
export function replyTo(outcome: Exclude<Outcome, { kind: 'answered' }>): GrpcReply {
  switch (outcome.kind) {
    case 'broken':
    case 'not-run':
      return statusReply(codes.unavailable, explain(outcome))
    case 'refused':
      return statusReply(refusalCode[outcome.refusal], explain(outcome))
    case 'joined':
      return replyInSense(outcome.verdict)
  }
}

/** An answer of the proxy's own that daprd takes as it would take the function's. */
function replyInSense(verdict: Verdict): GrpcReply {
  switch (verdict) {
    case 'success':
      return messageReply(Buffer.alloc(0))
    case 'drop':
      // TopicEventResponse { status: DROP }
      return messageReply(Buffer.from([0x08, 0x02]))
    case 'retry':
    case 'failed':
      return statusReply(codes.unavailable, 'an earlier delivery of this event has failed')
  }
}

const contentType = ['content-type', 'application/grpc'] as const

/** A reply of trailers only. The text is percent-encoded as gRPC over HTTP/2 asks. */
export function statusReply(code: number, text: string): GrpcReply {
  const trailers = ['grpc-status', String(code), 'grpc-message', encodeMessage(text)]
  return { headers: [...contentType], body: Buffer.alloc(0), trailers }
}

export function messageReply(message: Buffer): GrpcReply {
  return { headers: [...contentType], body: frame(message), trailers: ['grpc-status', '0'] }
}

function encodeMessage(text: string): string {
  return text.replace(/[^\x20-\x24\x26-\x7e]/gu, (char) => encodeURIComponent(char))
}

/** A reply that has messages, or may have some. */
export function isGrpc({ status, contentType }: FieldSection): boolean {
  return status === 200 && contentType !== undefined && contentType.startsWith('application/grpc')
}

/** The status of a reply, from its last section; undefined if whatever answered does not speak gRPC. */
export function statusOf({ grpcStatus }: Pick<FieldSection, 'grpcStatus'>): number | undefined {
  return grpcStatus !== undefined && /^\d+$/.test(grpcStatus) ? Number(grpcStatus) : undefined
}

/** Says that the function has no such method: it may still be booting. */
export const isMissingRoute = (code: number): boolean => code === codes.unimplemented

// TopicEventResponse.TopicEventResponseStatus; any other number is a failure that daprd retries.
const verdictOfStatus: Readonly<Record<number | string, Verdict>> = { 0: 'success', 1: 'retry', 2: 'drop' }

/** What daprd will take the answer of the function for. `body` begins as the messages of the reply do. Bulk events: `bulk.ts`. */
export function verdictOf(route: Route, code: number, body: Buffer): Verdict {
  if (code !== codes.ok) return route.kind === 'topic' && code === codes.unimplemented ? 'drop' : 'failed'
  if (route.kind !== 'topic') return 'success'
  const message = firstMessage(body)
  return statusVerdict(message && readFields(message, [1])?.[0])
}

/** Of an event, or of one entry of a bulk event. None is a success, as anything that is left out in protobuf is 0. */
export function statusVerdict(status: string | number = 0): Verdict {
  return verdictOfStatus[status] ?? 'retry'
}

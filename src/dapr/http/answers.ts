// The one table of HTTP status codes: what daprd is told, and what an answer of the function means to it.

import { Buffer } from 'node:buffer'
import { explain, type Outcome, type Refusal, type Route, type Verdict } from '../event.ts'
import { jsonField, parseJson } from './go-json.ts'
import type { HttpReply } from './message.ts'

// 503 has daprd deliver the event again; 404 would have it dropped (dapr pkg/runtime/subscription/postman/http).
const refusalStatus: Readonly<Record<Refusal, number>> = {
  'no-replica': 503,
  'held-full': 503,
  deadline: 504,
  cancelled: 503,
  'too-large': 413,
  'no-token': 401,
}

/** The reply to daprd for an event that came to nothing. */
export function replyTo(outcome: Exclude<Outcome, { kind: 'answered' }>): HttpReply {
  switch (outcome.kind) {
    case 'broken':
    case 'not-run':
      return plainReply(503, explain(outcome))
    case 'refused':
      return plainReply(refusalStatus[outcome.refusal], explain(outcome))
    case 'joined':
      return replyInSense(outcome.verdict)
  }
}

/** An answer of the proxy's own that daprd takes as it would take the function's. */
function replyInSense(verdict: Verdict): HttpReply {
  switch (verdict) {
    case 'success':
      return jsonReply({})
    case 'drop':
      return jsonReply({ status: 'DROP' })
    case 'retry':
    case 'failed':
      return plainReply(503, 'an earlier delivery of this event has failed')
  }
}

/** daprd takes nothing but 200 for success of a binding once a retry policy is in force (dapr binding/send.go). */
export function toSidecar(route: Route, reply: HttpReply): HttpReply {
  const isOtherSuccess = reply.status > 200 && reply.status < 300
  if (route.kind !== 'binding' || !isOtherSuccess) return reply
  return { status: 200, headers: reply.headers, body: reply.body }
}

export function plainReply(status: number, text: string): HttpReply {
  return { status, headers: ['content-type', 'text/plain; charset=utf-8'], body: Buffer.from(`${text}\n`) }
}

export function jsonReply(value: unknown): HttpReply {
  return { status: 200, headers: ['content-type', 'application/json'], body: Buffer.from(JSON.stringify(value)) }
}

/** Says that the function has no such route: it may still be booting. */
export const isMissingRoute = (status: number): boolean => status === 404

/** What daprd will take the answer of the function for. */
export function verdictOf(route: Route, reply: HttpReply): Verdict {
  if (route.kind !== 'topic') return statusVerdict(reply.status)
  if (reply.status === 404) return 'drop'
  return isSuccess(reply.status) ? topicVerdict(reply.body) : 'failed'
}

/** Where the status alone says it: bindings and invocations. */
export const statusVerdict = (status: number): Verdict => (isSuccess(status) ? 'success' : 'failed')

export const isSuccess = (status: number): boolean => status >= 200 && status < 300

const verdictOfStatus: Readonly<Record<string, Verdict>> = {
  '': 'success',
  SUCCESS: 'success',
  RETRY: 'retry',
  DROP: 'drop',
}

/** As most functions say it. */
const plainSuccess = Buffer.from('{"status":"SUCCESS"}')

// A body that is no object with a string `status` is a success, an unknown status a failure (dapr postman/http).
function topicVerdict(body: Buffer): Verdict {
  if (body.length === 0 || body.equals(plainSuccess)) return 'success'
  const status = jsonField(parseJson(body), 'status')
  return typeof status === 'string' ? (verdictOfStatus[status] ?? 'retry') : 'success'
}

/** Of one entry of a bulk event, where no word means that it is to be delivered again (dapr postman/http DeliverBulk). */
export function entryVerdict(status: unknown): Verdict {
  return status === 'SUCCESS' ? 'success' : status === 'DROP' ? 'drop' : 'retry'
}

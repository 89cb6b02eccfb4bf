// Where the body of a message ends (RFC 9112 §6.3). Two readers that disagree here can be made to see different requests.

import { onlyValue } from './head.ts'
import { Malformed } from './malformed.ts'

export type Framing =
  /** No body, and no field that speaks of one. */
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly bytes: number }
  | { readonly kind: 'chunked' }
  /** A response that ends with its connection. */
  | { readonly kind: 'until-close' }

export const noBody: Framing = { kind: 'none' }
export const chunked: Framing = { kind: 'chunked' }
export const untilClose: Framing = { kind: 'until-close' }

/** Fifteen digits are below 2^53. */
const lengthPattern = /^[0-9]{1,15}$/

/** Of a request. Throws Malformed. */
export function requestFraming(fields: readonly string[], isHttp10: boolean): Framing {
  const framing = announced(fields)
  if (framing === chunked && isHttp10) throw new Malformed('HTTP/1.0 has no chunks')
  return framing ?? noBody
}

/** HEAD, 204 and 304 have no body, whatever their fields say; only the first and the last may name a length. */
export const hasNoBody = (method: string, status: number): boolean =>
  method === 'HEAD' || status === 204 || status === 304

/** What a response says of a body, even of the one that it would have had (HEAD, 304). Throws Malformed. */
export const announcedFraming = (method: string, status: number, fields: readonly string[]): Framing =>
  announcedTo(method, status, fieldsFraming(status, fields))

/** The same where the fields have been read. */
export const announcedTo = (method: string, status: number, framing: Framing | undefined): Framing =>
  framing ?? (hasNoBody(method, status) ? noBody : untilClose)

/** What the fields of a response alone say; undefined if they say nothing. A response 204 must not speak of a body. Throws Malformed. */
export const fieldsFraming = (status: number, fields: readonly string[]): Framing | undefined =>
  status === 204 ? noBody : announced(fields)

/** The line that announces it. */
export function framingLine(framing: Framing): string {
  if (framing.kind === 'length') return `Content-Length: ${framing.bytes}\r\n`
  return framing.kind === 'chunked' ? 'Transfer-Encoding: chunked\r\n' : ''
}

function announced(fields: readonly string[]): Framing | undefined {
  const length = onlyValue(fields, 'content-length')
  const coding = onlyValue(fields, 'transfer-encoding')
  if (coding !== undefined) {
    if (length !== undefined) throw new Malformed('both Content-Length and Transfer-Encoding are there')
    if (coding.toLowerCase() !== 'chunked') throw new Malformed('Transfer-Encoding is not chunked', 501)
    return chunked
  }
  if (length === undefined) return undefined
  if (!lengthPattern.test(length)) throw new Malformed('Content-Length is not a number')
  return { kind: 'length', bytes: Number(length) }
}

// The first line of a message, and what the fields say about the connection.

import { isNamed, isToken } from './head.ts'
import { Malformed } from './malformed.ts'

export interface RequestLine {
  readonly method: string
  /** As it was sent: a path, an absolute URL, or `*`. */
  readonly target: string
  readonly isHttp10: boolean
}

export interface StatusLine {
  readonly status: number
  readonly reason: string
  readonly isHttp10: boolean
}

/** Throws Malformed. */
export function parseRequestLine(line: string): RequestLine {
  const first = line.indexOf(' ')
  const last = line.lastIndexOf(' ')
  const method = line.slice(0, first)
  const target = line.slice(first + 1, last)
  if (first === last || !isToken(method) || target === '' || target.includes(' ') || target.includes('\t')) {
    throw new Malformed('the request line is malformed')
  }
  return { method, target, isHttp10: isVersion10(line.slice(last + 1)) }
}

function isVersion10(version: string): boolean {
  if (version === 'HTTP/1.1') return false
  if (version === 'HTTP/1.0') return true
  throw new Malformed('the version is neither HTTP/1.1 nor HTTP/1.0', /^HTTP\/\d\.\d$/.test(version) ? 505 : 400)
}

const statusLine = /^HTTP\/1\.([01]) ([1-9][0-9]{2})(?: (.*))?$/

/** Throws Malformed. */
export function parseStatusLine(line: string): StatusLine {
  const match = statusLine.exec(line)
  if (match === null) throw new Malformed('the status line is malformed')
  return { status: Number(match[2]), reason: match[3] ?? '', isHttp10: match[1] === '0' }
}

/** Whether the connection serves another message after this one (RFC 9112 §9.3). */
export function isKeptAlive(fields: readonly string[], isHttp10: boolean): boolean {
  let says: string | undefined
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i] as string
    if (isNamed(name, 'connection')) {
      says = says === undefined ? (fields[i + 1] as string) : `${says},${fields[i + 1]}`
    }
  }
  if (says === undefined) return !isHttp10
  const tokens = says.toLowerCase().split(',')
  return isHttp10
    ? tokens.some((token) => token.trim() === 'keep-alive')
    : !tokens.some((token) => token.trim() === 'close')
}

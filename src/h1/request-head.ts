// What the head of a request says, read once for all that ask.

import { type Framing, requestFraming } from './framing.ts'
import { onlyValue, parseHead } from './head.ts'
import { remembering } from './known.ts'
import { Malformed } from './malformed.ts'
import { isKeptAlive, parseRequestLine, type RequestLine } from './start-line.ts'

export interface RequestHead extends RequestLine {
  /** Name, value, name, value, as on the wire. */
  readonly fields: readonly string[]
  readonly framing: Framing
  readonly keepsAlive: boolean
  /** The sender waits for `100 Continue` before it sends its body. */
  readonly expectsContinue: boolean
}

export const parseRequestHead = remembering((...head): RequestHead => {
  const { startLine, fields } = parseHead(...head)
  const { method, target, isHttp10 } = parseRequestLine(startLine)
  const framing = requestFraming(fields, isHttp10)
  const keepsAlive = isKeptAlive(fields, isHttp10)
  if (onlyValue(fields, 'host') === undefined && !isHttp10) throw new Malformed('Host is missing')
  const expectation = isHttp10 ? undefined : onlyValue(fields, 'expect')
  const expectsContinue = expectation?.toLowerCase() === '100-continue'
  return { method, target, isHttp10, fields, framing, keepsAlive, expectsContinue }
})

// What the head of a response says, read once for all that ask.

import { type Framing, fieldsFraming } from './framing.ts'
import { isNamed, parseHead } from './head.ts'
import { remembering } from './known.ts'
import { isKeptAlive, parseStatusLine, type StatusLine } from './start-line.ts'

export interface ResponseHeadRead extends StatusLine {
  /** Name, value, name, value, as on the wire. */
  readonly fields: readonly string[]
  /** What the fields say of a body; whether there is one depends on the request as well. */
  readonly framing: Framing | undefined
  /** How long the connection may be idle and is then still good for another request, in milliseconds; 0 if it ends. */
  readonly idleMs: number
}

/** A server that says nothing about it may close an idle connection after five seconds, as Node and many others do. Milliseconds. */
const idleByDefaultMs = 4000
/** The last second of what a server promises is not used: the request would meet the end of the connection on its way. Milliseconds. */
const idleReserveMs = 1000
const maxIdleMs = 600_000

export const parseResponseHead = remembering((...head): ResponseHeadRead => {
  const { startLine, fields } = parseHead(...head)
  const { status, reason, isHttp10 } = parseStatusLine(startLine)
  const idleMs = isKeptAlive(fields, isHttp10) ? promisedMs(fields) : 0
  return { status, reason, isHttp10, fields, framing: fieldsFraming(status, fields), idleMs }
})

function promisedMs(fields: readonly string[]): number {
  for (let i = 0; i + 1 < fields.length; i += 2) {
    if (!isNamed(fields[i] as string, 'keep-alive')) continue
    const seconds = /(?:^|[,;\s])timeout\s{0,8}=\s{0,8}"?(\d{1,9})/i.exec(fields[i + 1] as string)?.[1]
    if (seconds !== undefined) return Math.max(0, Math.min(Number(seconds) * 1000 - idleReserveMs, maxIdleMs))
  }
  return idleByDefaultMs
}

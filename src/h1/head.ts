// The head of a message: its start line and its fields. Strict: what one reader could take for another thing is refused.

import { Malformed } from './malformed.ts'

export interface Head {
  readonly startLine: string
  /** Name, value, name, value in the order, spelling and number of the wire. Each character is one byte. */
  readonly fields: readonly string[]
}

const isTokenByte = new Uint8Array(256)
for (const char of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") {
  isTokenByte[char.charCodeAt(0)] = 1
}

/** A token of RFC 9110 §5.6.2, as a method and the name of a field are. */
export function isToken(text: string): boolean {
  for (let i = 0; i < text.length; i += 1) if (isTokenByte[text.charCodeAt(i)] !== 1) return false
  return text.length > 0
}

// Anything but a tab, a visible character or a byte above ASCII (RFC 9110 §5.5). A lone CR or LF is among it once lines are split.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const forbidden = /[\0-\x08\n-\x1f\x7f]/

/** `text` is a head without the empty line that ends it. Throws Malformed. */
export function parseHead(text: string): Head {
  const firstEnd = text.indexOf('\r\n')
  if (firstEnd === -1) return { startLine: checked(text), fields: [] }
  return { startLine: checked(text.slice(0, firstEnd)), fields: parseFields(text, firstEnd + 2) }
}

/** Field lines from `start` on, with CRLF between them and none at the end. Throws Malformed. */
export function parseFields(text: string, start = 0): string[] {
  const fields: string[] = []
  for (let at = start; at <= text.length; ) {
    const crlf = text.indexOf('\r\n', at)
    const end = crlf === -1 ? text.length : crlf
    const colon = text.indexOf(':', at)
    const name = text.slice(at, colon)
    // No space before the colon, and no line that begins with one (obs-fold): RFC 9112 §5.1, §5.2.
    if (colon === -1 || colon >= end || !isToken(name)) throw new Malformed('a field line is malformed')
    fields.push(name, checked(trimmed(text, colon + 1, end)))
    at = end + 2
  }
  return fields
}

function checked(text: string): string {
  if (forbidden.test(text)) throw new Malformed('the head has a control character')
  return text
}

const space = 32
const tab = 9
const isBlank = (code: number): boolean => code === space || code === tab

/** Without the spaces and tabs around it. By hand: a regular expression would take quadratic time on many spaces. */
function trimmed(text: string, start: number, end: number): string {
  let from = start
  let to = end
  while (from < to && isBlank(text.charCodeAt(from))) from += 1
  while (to > from && isBlank(text.charCodeAt(to - 1))) to -= 1
  return text.slice(from, to)
}

/** The value of a field that is there once at most. Throws Malformed if it is there twice. */
export function onlyValue(fields: readonly string[], name: string): string | undefined {
  let value: string | undefined
  for (let i = 0; i + 1 < fields.length; i += 2) {
    // By length first: this is asked of each field of each message.
    const each = fields[i] as string
    if (each.length !== name.length || each.toLowerCase() !== name) continue
    if (value !== undefined) throw new Malformed(`${name} is there twice`)
    value = fields[i + 1] as string
  }
  return value
}

/** A head as it is written. Each character goes out as one byte. */
export function headText(startLine: string, fields: readonly string[]): string {
  let text = `${startLine}\r\n`
  for (let i = 0; i + 1 < fields.length; i += 2) text += `${fields[i]}: ${fields[i + 1]}\r\n`
  return `${text}\r\n`
}

// The head of a message: its start line and its fields. Strict: what one reader could take for another thing is refused.

import { Buffer } from 'node:buffer'
import { Malformed } from './malformed.ts'

export interface Head {
  readonly startLine: string
  /** Name, value, name, value in the order, spelling and number of the wire. Each character is one byte. */
  readonly fields: readonly string[]
}

const tab = 9
const lf = 10
const cr = 13
const space = 32
const colon = 58

/** Says of each byte whether it is one of these. */
const kindOf = (isOne: (byte: number) => boolean): Uint8Array =>
  Uint8Array.from({ length: 256 }, (_, byte) => +isOne(byte))

const tokenBytes = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
const isTokenByte = kindOf((byte) => tokenBytes.includes(String.fromCharCode(byte)))
const isBlankByte = kindOf((byte) => byte === space || byte === tab)
/** A tab, a visible character or a byte above ASCII (RFC 9110 §5.5). CR and LF are none of them: they end a line, together and nowhere else. */
const isValueByte = kindOf((byte) => byte === tab || (byte >= space && byte !== 127))

/** A token of RFC 9110 §5.6.2, as a method and the name of a field are. */
export function isToken(text: string): boolean {
  for (let i = 0; i < text.length; i += 1) if (isTokenByte[text.charCodeAt(i)] !== 1) return false
  return text.length > 0
}

/** Reads a head, without the empty line that ends it. Throws Malformed. */
export function parseHead(bytes: Buffer, start: number, end: number): Head {
  const text = bytes.toString('latin1', start, end)
  const lineEnd = endOf(isValueByte, bytes, start, end)
  const startLine = text.slice(0, lineEnd - start)
  if (lineEnd === end) return { startLine, fields: [] }
  return { startLine, fields: parseFields(text, bytes, { start, from: nextLine(bytes, lineEnd, end) }) }
}

/** Where a text stands in its bytes, and from where on it is read. */
interface Place {
  readonly start: number
  readonly from: number
}

const wholeText: Place = { start: 0, from: 0 }

/** Field lines with CRLF between them and none at the end. Goes through them byte by byte, once. Throws Malformed. */
export function parseFields(
  text: string,
  bytes: Uint8Array = Buffer.from(text, 'latin1'),
  { start, from } = wholeText,
): string[] {
  const end = start + text.length
  const fields: string[] = []
  for (let at = from; ; ) {
    const nameEnd = endOf(isTokenByte, bytes, at, end)
    // No space before the colon, and no line that begins with one (obs-fold): RFC 9112 §5.1, §5.2.
    if (nameEnd === at || nameEnd === end || bytes[nameEnd] !== colon) throw new Malformed('a field line is malformed')
    const lineEnd = endOf(isValueByte, bytes, nameEnd + 1, end)
    const valueAt = endOf(isBlankByte, bytes, nameEnd + 1, lineEnd)
    let valueEnd = lineEnd
    while (valueEnd > valueAt && isBlankByte[bytes[valueEnd - 1] as number] === 1) valueEnd -= 1
    fields.push(text.slice(at - start, nameEnd - start), text.slice(valueAt - start, valueEnd - start))
    if (lineEnd === end) return fields
    at = nextLine(bytes, lineEnd, end)
  }
}

/** Where the bytes of a kind that begin at `from` end. */
function endOf(isOfKind: Uint8Array, bytes: Uint8Array, from: number, end: number): number {
  let at = from
  while (at < end && isOfKind[bytes[at] as number] === 1) at += 1
  return at
}

/** A line ends at `at`. Throws Malformed if it does not. */
function nextLine(bytes: Uint8Array, at: number, end: number): number {
  if (bytes[at] !== cr || at + 1 >= end || bytes[at + 1] !== lf) throw new Malformed('the head has a control character')
  return at + 2
}

/** Whether a field has this name, which is in lower case. */
export function isNamed(field: string, name: string): boolean {
  // By length first: this is asked of each field of each message.
  if (field.length !== name.length) return false
  // The letters of a name differ from their capitals in this bit alone, and no other two characters of names that we know.
  for (let i = 0; i < name.length; i += 1) if ((field.charCodeAt(i) | 0x20) !== name.charCodeAt(i)) return false
  return true
}

/** The value of a field that is there once at most. Throws Malformed if it is there twice. */
export function onlyValue(fields: readonly string[], name: string): string | undefined {
  let value: string | undefined
  for (let i = 0; i + 1 < fields.length; i += 2) {
    if (!isNamed(fields[i] as string, name)) continue
    if (value !== undefined) throw new Malformed(`${name} is there twice`)
    value = fields[i + 1] as string
  }
  return value
}

/** The lines of fields as they are written. Each character goes out as one byte. */
export function fieldLines(fields: readonly string[]): Buffer {
  let text = ''
  for (let i = 0; i + 1 < fields.length; i += 2) text += `${fields[i]}: ${fields[i + 1]}\r\n`
  return Buffer.from(text, 'latin1')
}

const nothing: Buffer = Buffer.alloc(0)

/** A head as it is written; `more` are field lines of our own, each with its end. A small body goes out with it: one write is one system call. */
export function headBytes(startLine: string, lines: Buffer, more = '', body = nothing): Buffer {
  const bytes = Buffer.allocUnsafe(startLine.length + lines.length + more.length + 4 + body.length)
  let at = bytes.write(`${startLine}\r\n`, 'latin1')
  at += lines.copy(bytes, at)
  at += bytes.write(`${more}\r\n`, at, 'latin1')
  body.copy(bytes, at)
  return bytes
}

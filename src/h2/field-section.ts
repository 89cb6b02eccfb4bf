// What a block of fields means to HTTP (RFC 9113 §8), and the form in which it may travel on.

import type { FieldName } from './field-name.ts'
import { FieldReader } from './field-reader.ts'
import { FieldWriter } from './field-writer.ts'
import { Known } from './known.ts'
import { ConnectionError, errorCode } from './protocol.ts'

export type SectionKind = 'request' | 'response' | 'trailers'

/** What each field counts beside its name and value (RFC 9113 §6.5.2). */
const fieldOverhead = 32

/** Whoever sends so many times what it may is no peer that errs: it refers to a table again and again, and has us read on. */
const bombFactor = 4

/** A request, a response or trailers. */
export class FieldSection {
  /**
   * The block in a form that any connection understands: it refers to no table. A view of what was read, so whoever
   * needs it later has to `keep` it.
   */
  block: Buffer = empty
  /** Bytes as SETTINGS_MAX_HEADER_LIST_SIZE counts them. */
  listBytes = 0
  /** Why the section is malformed (§8.1.1). */
  fault: string | undefined

  method: string | undefined
  path: string | undefined
  /** 0 outside of responses. */
  status = 0
  /** -1 if it does not say. */
  contentLength = -1
  contentType: string | undefined
  grpcStatus: string | undefined
  grpcTimeout: string | undefined

  /** It changes the table of a connection that has one. */
  addsToTable = false
  #isKept = false

  /** Makes the block a copy of its own. */
  keep(): this {
    if (this.#isKept) return this
    const view = this.block
    this.block = Buffer.allocUnsafe(view.length)
    view.copy(this.block)
    this.#isKept = true
    return this
  }

  /** More responses will come on this stream (RFC 9110 §15.2). */
  get isInterim(): boolean {
    return this.status >= 100 && this.status < 200
  }
}

const empty = Buffer.alloc(0)
const writer = new FieldWriter()

/**
 * A block that has nothing to do with a table always means the same, on whatever connection. Peers send the same few again
 * and again: nearly all replies have one of two heads and the same trailers.
 */
const known = new Known<FieldSection>(256, 512)
const variants: Readonly<Record<SectionKind, number>> = { request: 0, response: 1, trailers: 2 }

/**
 * Reads the block that `reader` has begun. A section that is malformed or larger than `maxListBytes` has a `fault` and no
 * block; a block that is not HPACK, or becomes many times as large, throws. Else all of it is read, for the table's sake.
 */
export function readSection(reader: FieldReader, kind: SectionKind, maxListBytes: number): FieldSection {
  const before = known.find(reader.block, reader.fieldEnd, reader.end, variants[kind])
  const isSame =
    before !== undefined && before.listBytes <= maxListBytes && !(before.addsToTable && reader.table.isOpen)
  if (isSame) return before
  const { isMetAgain } = known
  const section = new FieldSection()
  rules.begin(section, kind)
  const isSecret = readFields(reader, section, maxListBytes)
  rules.end()
  if (section.fault !== undefined) section.block = empty
  // A credential is not kept for longer than its call.
  else if (isMetAgain && !isSecret) known.remember(section.keep().block, variants[kind], section)
  return section
}

/** Returns whether a credential is among the fields. */
function readFields(reader: FieldReader, section: FieldSection, maxListBytes: number): boolean {
  const { block, fieldEnd: begin } = reader
  let isRewritten = false
  let isSecret = false
  while (reader.next()) {
    section.listBytes += reader.name.text.length + reader.valueEnd - reader.valueStart + fieldOverhead
    if (section.listBytes > bombFactor * maxListBytes) {
      throw new ConnectionError(errorCode.enhanceYourCalm, 'a block that becomes far more than it is')
    }
    if (section.fault !== undefined) continue
    if (section.listBytes > maxListBytes) section.fault = `header fields above ${maxListBytes} bytes`
    else rules.check(reader)
    section.addsToTable ||= reader.isAdded
    isSecret ||= reader.name.isSecret
    if (mustRewrite(reader)) {
      // What came before goes on as it is, and from here on a copy is made.
      if (!isRewritten) {
        writer.clear()
        writer.raw(block, begin, reader.fieldStart)
        isRewritten = true
      }
      rewrite(reader)
    } else if (isRewritten) writer.raw(block, reader.fieldStart, reader.fieldEnd)
  }
  section.block = isRewritten ? writer.take() : block.subarray(begin, reader.fieldEnd)
  return isSecret
}

const mustRewrite = (reader: FieldReader) => reader.isBound || (reader.name.isSecret && !reader.isNeverIndexed)

function rewrite(reader: FieldReader): void {
  writer.name(reader.name, reader.isNeverIndexed)
  if (reader.literalStart < reader.fieldEnd) writer.raw(reader.block, reader.literalStart, reader.fieldEnd)
  else writer.string(reader.valueBytes.subarray(reader.valueStart, reader.valueEnd))
}

/** The fields of a block that refers to no table, as a flat list without pseudo-headers. */
export function fieldList(block: Buffer): string[] {
  const reader = new FieldReader()
  const list: string[] = []
  reader.begin(block, 0, block.length)
  while (reader.next()) if (!reader.name.text.startsWith(':')) list.push(reader.name.text, reader.valueText())
  return list
}

/** The rules of RFC 9113 §8.2 and §8.3 for one section at a time. */
class Rules {
  #section = new FieldSection()
  #kind: SectionKind = 'trailers'
  #sawField = false
  #seen = 0
  #hasHost = false

  begin(section: FieldSection, kind: SectionKind): void {
    this.#section = section
    this.#kind = kind
    this.#sawField = false
    this.#seen = 0
    this.#hasHost = false
  }

  check(reader: FieldReader): void {
    const { name } = reader
    if (!name.isValid) this.#fault('a field name with characters that it must not have')
    else if (!isFieldValue(reader)) this.#fault(`a value of ${name.text} with characters that it must not have`)
    else if (name.text.charCodeAt(0) === colon) this.#pseudo(name, reader)
    else {
      this.#sawField = true
      if (name.role !== 'plain') this.#notice(name, reader)
    }
  }

  end(): void {
    if (this.#kind === 'response' && this.#section.status === 0) this.#fault(':status is missing')
    if (this.#kind !== 'request') return
    const has = this.#seen
    if ((has & requestNeeds) !== requestNeeds) this.#fault('a pseudo-header is missing')
    else if ((has & bitOf[':authority']) === 0 && !this.#hasHost) this.#fault(':authority is missing')
  }

  #pseudo(name: FieldName, reader: FieldReader): void {
    const role = name.role as Pseudo | 'unknown-pseudo'
    const bit = role === 'unknown-pseudo' ? 0 : bitOf[role]
    if (role === 'unknown-pseudo' || (allowedIn[this.#kind] & bit) === 0) this.#fault(`${name.text} in a ${this.#kind}`)
    else if ((this.#seen & bit) !== 0) this.#fault(`${role} twice`)
    else if (this.#sawField) this.#fault(`${role} after a field`)
    else this.#takePseudo(role, reader.valueText())
    this.#seen |= bit
  }

  #takePseudo(role: Pseudo, value: string): void {
    if (!pseudoValue[role].test(value)) this.#fault(`${role} with a value that it cannot have`)
    else if (role === ':path') this.#section.path = value
    else if (role === ':method') this.#section.method = value
    else if (role === ':status') this.#section.status = Number(value)
  }

  #notice(name: FieldName, reader: FieldReader): void {
    const section = this.#section
    switch (name.role) {
      case 'connection-specific':
        this.#fault(`${name.text} belongs to HTTP/1.1`)
        break
      case 'host':
        this.#hasHost = true
        break
      case 'te':
        if (reader.valueText() !== 'trailers') this.#fault('te other than trailers')
        break
      case 'content-length':
        this.#contentLength(reader.valueText())
        break
      case 'content-type':
        section.contentType = reader.valueText()
        break
      case 'grpc-status':
        section.grpcStatus = reader.valueText()
        break
      case 'grpc-timeout':
        section.grpcTimeout = reader.valueText()
    }
  }

  #contentLength(text: string): void {
    const before = this.#section.contentLength
    const length = /^\d{1,15}$/.test(text) ? Number(text) : -1
    if (length < 0 || (before >= 0 && before !== length)) this.#fault('content-length is none, or two')
    this.#section.contentLength = length
  }

  #fault(what: string): void {
    this.#section.fault ??= what
  }
}

const rules = new Rules()

const colon = 0x3a

type Pseudo = ':method' | ':scheme' | ':authority' | ':path' | ':status'

const bitOf: Readonly<Record<Pseudo, number>> = {
  ':method': 1,
  ':scheme': 2,
  ':authority': 4,
  ':path': 8,
  ':status': 16,
}
const allowedIn: Readonly<Record<SectionKind, number>> = { request: 1 | 2 | 4 | 8, response: 16, trailers: 0 }
const requestNeeds = 1 | 2 | 8

/** What each may look like (RFC 9110 §9.1, RFC 3986 §3.1 to §3.3). A peer that finds worse may give up the connection. */
const pseudoValue: Readonly<Record<Pseudo, RegExp>> = {
  ':method': /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/,
  ':scheme': /^[A-Za-z][A-Za-z0-9+.-]*$/,
  ':authority': /^[A-Za-z0-9!$%&'()*+,\-.:;=@[\]_~]+$/,
  ':path': /^(\/[!-~]*|\*)$/,
  ':status': /^[1-9][0-9]{2}$/,
}

/** No space at its ends (§8.2.1), and no control characters but tabs (RFC 9110 §5.5). */
function isFieldValue({ valueBytes, valueStart, valueEnd }: FieldReader): boolean {
  if (valueStart === valueEnd) return true
  if (isSpace(valueBytes[valueStart]) || isSpace(valueBytes[valueEnd - 1])) return false
  for (let i = valueStart; i < valueEnd; i += 1) {
    const byte = valueBytes[i] as number
    if ((byte < 0x20 && byte !== 0x09) || byte === 0x7f) return false
  }
  return true
}

const isSpace = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x09

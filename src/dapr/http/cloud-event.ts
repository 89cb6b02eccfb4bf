// Finds the few attributes of a CloudEvent that name it, without taking the whole of it apart.

import type { Identity } from '../event.ts'
import { headerValue } from '../header-list.ts'
import type { HttpRequest } from './message.ts'

/** From the envelope, or from `ce_` fields in binary mode. Kafka names its key in `__key`. */
export function identityOf({ path, headers, body }: HttpRequest): Identity {
  const isBinary = headerOf(headers, 'specversion') !== undefined
  const inBody = isBinary ? undefined : topLevelStrings(body)
  const attribute = (name: keyof Attributes) => (inBody ? inBody[name] : headerOf(headers, name))
  return {
    path,
    id: attribute('id'),
    source: attribute('source'),
    partitionKey: attribute('partitionkey') ?? headerValue(headers, '__key'),
  }
}

const headerOf = (headers: readonly string[], name: string): string | undefined =>
  headerValue(headers, `ce_${name}`) ?? headerValue(headers, `ce-${name}`)

interface Attributes {
  readonly id?: string | undefined
  readonly source?: string | undefined
  readonly partitionkey?: string | undefined
}

const quote = 0x22
const backslash = 0x5c
const comma = 0x2c
const colon = 0x3a
const openBrace = 0x7b
const openBracket = 0x5b
const closeBrace = 0x7d
const closeBracket = 0x5d

/** The three attributes of a JSON object, where they are strings. What is no JSON has none from there on. */
export function topLevelStrings(bytes: Buffer): Attributes {
  const found: Record<string, string | undefined> = Object.create(null)
  let at = afterBlanks(bytes, 0)
  if (bytes[at] !== openBrace) return found
  do {
    const key = afterBlanks(bytes, at + 1)
    if (bytes[key] !== quote) break
    const keyEnd = afterString(bytes, key)
    at = afterBlanks(bytes, keyEnd)
    if (bytes[at] !== colon) break
    const value = afterBlanks(bytes, at + 1)
    const end = afterValue(bytes, value)
    const name = text(bytes, key, keyEnd)
    if (name === 'id' || name === 'source' || name === 'partitionkey') {
      found[name] = bytes[value] === quote ? text(bytes, value, end) : undefined
    }
    at = afterBlanks(bytes, end)
  } while (bytes[at] === comma)
  return found
}

/** The string with its quotes from `start` to `end`; undefined if it is none. */
function text(bytes: Buffer, start: number, end: number): string | undefined {
  try {
    return JSON.parse(bytes.toString('utf8', start, end)) as string
  } catch {
    return undefined
  }
}

function afterBlanks(bytes: Buffer, start: number): number {
  let at = start
  for (let byte = bytes[at]; byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d; byte = bytes[at]) at += 1
  return at
}

/** `start` is at the opening quote. */
function afterString(bytes: Buffer, start: number): number {
  let at = start + 1
  while (at < bytes.length && bytes[at] !== quote) at += bytes[at] === backslash ? 2 : 1
  return at + 1
}

function afterValue(bytes: Buffer, start: number): number {
  if (bytes[start] === quote) return afterString(bytes, start)
  let depth = 0
  let at = start
  while (at < bytes.length) {
    const byte = bytes[at]
    if (byte === quote) {
      at = afterString(bytes, at)
      continue
    }
    if (depth === 0 && (byte === comma || byte === closeBrace)) return at
    if (byte === openBrace || byte === openBracket) depth += 1
    else if (byte === closeBrace || byte === closeBracket) depth -= 1
    at += 1
  }
  return at
}

// Names of header fields: each is met again and again, so it is checked and understood once.

import { decodeHuffman, longestDecoded } from './huffman.ts'

/** What a name means to HTTP/2 itself, or to gRPC on top of it. */
export type Role =
  | 'plain'
  | ':method'
  | ':scheme'
  | ':authority'
  | ':path'
  | ':status'
  | 'unknown-pseudo'
  /** Belongs to one connection of HTTP/1.1 (RFC 9113 §8.2.2). */
  | 'connection-specific'
  | 'host'
  | 'te'
  | 'content-length'
  | 'content-type'
  | 'grpc-status'
  | 'grpc-timeout'

export interface FieldName {
  readonly text: string
  readonly role: Role
  /** In lower case, and of the characters that a name may have (RFC 9113 §8.2.1). */
  readonly isValid: boolean
  /** A credential, which no table of a peer may keep (RFC 7541 §7.1.3). */
  readonly isSecret: boolean
}

const roles = new Map<string, Role>([
  ...([':method', ':scheme', ':authority', ':path', ':status'] as const).map((name) => [name, name] as const),
  ...(['host', 'te', 'content-length', 'content-type', 'grpc-status', 'grpc-timeout'] as const).map(
    (name) => [name, name] as const,
  ),
  ...['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade'].map(
    (name) => [name, 'connection-specific'] as const,
  ),
])

const secrets = new Set(['authorization', 'proxy-authorization', 'cookie', 'dapr-api-token'])

export function fieldName(text: string): FieldName {
  const role = roles.get(text) ?? (text.startsWith(':') ? 'unknown-pseudo' : 'plain')
  return { text, role, isValid: isValidName(text), isSecret: secrets.has(text) }
}

/** A token of RFC 9110 §5.6.2 without capitals; a pseudo-header has a colon in front. */
function isValidName(text: string): boolean {
  return /^:?[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(text)
}

// One place for each hash of the bytes as they came; a newcomer takes the place over. Bounds memory whatever is sent.
const places = 256
const longestKept = 64
const known: ({ readonly bytes: Buffer; readonly isHuffman: boolean; readonly name: FieldName } | undefined)[] =
  new Array(places)

/** The name that is spelled from `start` to `end`; undefined if it is not Huffman code although it says so. */
export function readFieldName(source: Buffer, start: number, end: number, isHuffman: boolean): FieldName | undefined {
  let hash = isHuffman ? 7 : 3
  for (let i = start; i < end; i += 1) hash = (hash * 31 + (source[i] as number)) | 0
  const place = (hash ^ (hash >>> 8)) & (places - 1)
  const kept = known[place]
  if (kept !== undefined && kept.isHuffman === isHuffman && isSame(kept.bytes, source, start, end)) return kept.name
  const text = isHuffman ? huffmanText(source, start, end) : source.toString('latin1', start, end)
  if (text === undefined) return undefined
  const name = fieldName(text)
  if (end - start <= longestKept) known[place] = { bytes: Buffer.from(source.subarray(start, end)), isHuffman, name }
  return name
}

function isSame(kept: Buffer, source: Buffer, start: number, end: number): boolean {
  if (kept.length !== end - start) return false
  for (let i = 0; i < kept.length; i += 1) if (kept[i] !== source[start + i]) return false
  return true
}

function huffmanText(source: Buffer, start: number, end: number): string | undefined {
  const target = Buffer.allocUnsafe(longestDecoded(end - start))
  const length = decodeHuffman(source, start, end, target)
  return length < 0 ? undefined : target.toString('latin1', 0, length)
}

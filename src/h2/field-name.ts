// Names of header fields: each is met again and again, so it is checked and understood once.

import { decodeHuffman, longestDecoded } from './huffman.ts'
import { Known } from './known.ts'

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

const known = new Known<FieldName>(256, 64)

/** The name that is spelled from `start` to `end`; undefined if it is not Huffman code although it says so. */
export function readFieldName(source: Buffer, start: number, end: number, isHuffman: boolean): FieldName | undefined {
  const variant = isHuffman ? 1 : 0
  const found = known.find(source, start, end, variant)
  if (found !== undefined) return found
  const text = isHuffman ? huffmanText(source, start, end) : source.toString('latin1', start, end)
  if (text === undefined) return undefined
  const name = fieldName(text)
  if (known.isMetAgain) known.remember(Buffer.from(source.subarray(start, end)), variant, name)
  return name
}

function huffmanText(source: Buffer, start: number, end: number): string | undefined {
  const target = Buffer.allocUnsafe(longestDecoded(end - start))
  const length = decodeHuffman(source, start, end, target)
  return length < 0 ? undefined : target.toString('latin1', 0, length)
}

// Bytes to what a function gets, and what it gives back to bytes.

import { isUtf8 } from 'node:buffer'

/** What a function gets where there is no body at all, as OpenFunction's Node framework has it. */
const nothing = (): Record<string, never> => ({})

/**
 * JSON is parsed, text is a string, anything else a Buffer. A content type that says nothing of the kind, or none,
 * leaves it to the content.
 */
export function decodeData(bytes: Buffer, contentType?: string): unknown {
  const type = contentType?.split(';')[0]?.trim().toLowerCase() ?? ''
  if (type === 'application/octet-stream') return bytes
  if (type.startsWith('text/') || type.endsWith('xml')) return bytes.toString()
  if (type === '' || type.endsWith('json')) return decodeByContent(bytes)
  return bytes
}

/** JSON if it parses, else text if it is UTF-8, else the bytes. */
export function decodeByContent(bytes: Buffer): unknown {
  if (bytes.length === 0) return nothing()
  if (!isUtf8(bytes)) return bytes
  const text = bytes.toString()
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

export interface Encoded {
  readonly bytes: Buffer
  readonly contentType: string
}

/** Bytes stay, text becomes UTF-8, anything else JSON; undefined and null are empty. Throws what JSON.stringify throws. */
export function encodeData(value: unknown): Encoded {
  if (value === undefined || value === null) return { bytes: Buffer.alloc(0), contentType: 'application/json' }
  if (isBytes(value)) return { bytes: toBuffer(value), contentType: 'application/octet-stream' }
  if (typeof value === 'string') return { bytes: Buffer.from(value), contentType: 'text/plain; charset=utf-8' }
  // A function or a symbol has no JSON.
  return { bytes: Buffer.from(JSON.stringify(value) ?? ''), contentType: 'application/json' }
}

export const isBytes = (value: unknown): value is ArrayBuffer | ArrayBufferView =>
  value instanceof ArrayBuffer || ArrayBuffer.isView(value)

export function toBuffer(value: ArrayBuffer | ArrayBufferView): Buffer {
  if (Buffer.isBuffer(value)) return value
  if (value instanceof ArrayBuffer) return Buffer.from(value)
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
}

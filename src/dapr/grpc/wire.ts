// The little of protobuf's and gRPC's wire format that the proxy needs: read a field or two, write three small replies.

/** One gRPC message: a flag byte (0 = not compressed), four bytes of length, the bytes. */
export function frame(message: Buffer): Buffer {
  const framed = Buffer.allocUnsafe(5 + message.length)
  framed[0] = 0
  framed.writeUInt32BE(message.length, 1)
  message.copy(framed, 5)
  return framed
}

/** The first message of a body; undefined if it is compressed, cut short, or not there. */
export function firstMessage(body: Buffer): Buffer | undefined {
  if (body.length < 5 || body[0] !== 0) return undefined
  const end = 5 + body.readUInt32BE(1)
  return end <= body.length ? body.subarray(5, end) : undefined
}

/** A field that holds text or a message (wire type 2). */
export function bytesField(number: number, value: string | Buffer): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value
  return Buffer.concat([varint((number << 3) | 2), varint(bytes.length), bytes])
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  while (rest > 127) {
    bytes.push((rest % 128) | 128)
    rest = Math.floor(rest / 128)
  }
  bytes.push(rest)
  return Buffer.from(bytes)
}

/**
 * The values of the wanted fields of a message: text of wire type 2, a number of wire type 0. As in protobuf the last
 * occurrence wins. Undefined if the message is malformed.
 */
export function readFields(message: Buffer, wanted: readonly number[]): Map<number, string | number> | undefined {
  const found = new Map<number, string | number>()
  const isRead = eachField(message, (number, value) => {
    if (wanted.includes(number)) found.set(number, typeof value === 'number' ? value : value.toString())
  })
  return isRead ? found : undefined
}

/** All messages that a repeated field holds, or the one of a single field, as bytes. */
export function readMessages(message: Buffer, wanted: number): Buffer[] {
  const found: Buffer[] = []
  eachField(message, (number, value) => {
    if (number === wanted && typeof value !== 'number') found.push(value)
  })
  return found
}

/** False if the message is malformed. */
function eachField(message: Buffer, visit: (number: number, value: Buffer | number) => void): boolean {
  const cursor = { bytes: message, at: 0 }
  while (cursor.at < message.length) {
    const tag = readVarint(cursor)
    if (tag === undefined) return false
    const value = readValue(cursor, tag % 8)
    if (value === undefined) return false
    visit(Math.floor(tag / 8), value)
  }
  return true
}

interface Cursor {
  readonly bytes: Buffer
  at: number
}

function readValue(cursor: Cursor, wireType: number): Buffer | number | undefined {
  switch (wireType) {
    case 0:
      return readVarint(cursor)
    case 1:
      return readBytes(cursor, 8)
    case 2: {
      const length = readVarint(cursor)
      return length === undefined ? undefined : readBytes(cursor, length)
    }
    case 5:
      return readBytes(cursor, 4)
    default:
      return undefined
  }
}

function readBytes(cursor: Cursor, length: number): Buffer | undefined {
  const start = cursor.at
  cursor.at += length
  return cursor.at <= cursor.bytes.length ? cursor.bytes.subarray(start, cursor.at) : undefined
}

/** Exact up to 2^53; a longer number loses its low bits but not its place. */
function readVarint(cursor: Cursor): number | undefined {
  let value = 0
  for (let shift = 0; shift < 10; shift += 1) {
    const byte = cursor.bytes[cursor.at]
    if (byte === undefined) return undefined
    cursor.at += 1
    value += (byte & 127) * 128 ** shift
    if (byte < 128) return value
  }
  return undefined
}

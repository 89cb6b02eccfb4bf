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

export type FieldValue = string | number | undefined

/**
 * The values of the wanted fields of a message, in their order: text of wire type 2, a number of wire type 0, undefined where there
 * is none. As in protobuf the last occurrence wins. Undefined if the message is malformed.
 */
export function readFields(message: Buffer, wanted: readonly number[]): FieldValue[] | undefined {
  const values: FieldValue[] = []
  const cursor = new Cursor(message)
  while (cursor.next()) {
    const at = wanted.indexOf(cursor.number)
    if (at === -1) continue
    values[at] = cursor.isBytes ? message.toString('utf8', cursor.start, cursor.end) : cursor.value
  }
  return cursor.isBroken ? undefined : values
}

/** All messages that a repeated field holds, or the one of a single field, as bytes. Where the message is broken or cut short it ends. */
export function* readMessages(message: Buffer, wanted: number): Generator<Buffer> {
  const cursor = new Cursor(message)
  while (cursor.next()) {
    if (cursor.number === wanted && cursor.isBytes) yield message.subarray(cursor.start, cursor.end)
  }
}

/** Goes from field to field of a message, and is the field under way. */
class Cursor {
  number = 0
  /** Of a field of fixed or given length: where its bytes lie. */
  isBytes = false
  start = 0
  end = 0
  /** Of a varint. */
  value = 0
  isBroken = false
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  /** False at the end, or where the message is broken. */
  next(): boolean {
    if (this.#at >= this.#bytes.length || this.isBroken) return false
    const tag = this.#varint()
    this.number = Math.floor(tag / 8)
    const wireType = tag % 8
    this.isBytes = wireType !== 0
    if (wireType === 0) this.value = this.#varint()
    else if (wireType === 1) this.#skip(8)
    else if (wireType === 2) this.#skip(this.#varint())
    else if (wireType === 5) this.#skip(4)
    else this.isBroken = true
    return !this.isBroken
  }

  #skip(length: number): void {
    this.start = this.#at
    this.#at += length
    this.end = this.#at
    if (this.#at > this.#bytes.length) this.isBroken = true
  }

  /** Exact up to 2^53; a longer number loses its low bits but not its place. */
  #varint(): number {
    let value = 0
    for (let scale = 1; scale <= 2 ** 63; scale *= 128) {
      const byte = this.#bytes[this.#at]
      if (byte === undefined) break
      this.#at += 1
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
    this.isBroken = true
    return 0
  }
}

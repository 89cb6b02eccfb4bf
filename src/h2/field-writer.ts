// Writes blocks of fields in HPACK as literals that no table keeps (RFC 7541 §6.2.2, §6.2.3), so any peer can read them.

import { type FieldName, fieldName } from './field-name.ts'
import { staticFieldIndex, staticNameIndex } from './static-table.ts'

const withoutIndexing = 0x00
const neverIndexed = 0x10

export class FieldWriter {
  #bytes = Buffer.allocUnsafe(1024)
  #length = 0

  /** Begins anew. */
  clear(): void {
    this.#length = 0
  }

  /** What has been written, as a copy. */
  take(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.#length))
  }

  /** Bytes of HPACK as they are. */
  raw(bytes: Buffer, start: number, end: number): void {
    this.#reserve(end - start)
    bytes.copy(this.#bytes, this.#length, start, end)
    this.#length += end - start
  }

  /** The name of a literal field; its value, as a string literal, has to follow. */
  name(name: FieldName, isNeverIndexed: boolean): void {
    const pattern = isNeverIndexed || name.isSecret ? neverIndexed : withoutIndexing
    const index = staticNameIndex(name.text)
    this.#integer(pattern, 4, index)
    if (index === 0) this.string(Buffer.from(name.text, 'latin1'))
  }

  /** A string literal without Huffman code. */
  string(bytes: Buffer): void {
    this.#integer(0, 7, bytes.length)
    this.raw(bytes, 0, bytes.length)
  }

  field(name: string, value: string): void {
    const index = staticFieldIndex(name, value)
    if (index > 0) this.#integer(0x80, 7, index)
    else {
      this.name(fieldName(name), false)
      this.string(Buffer.from(value, 'latin1'))
    }
  }

  #integer(pattern: number, prefixBits: number, value: number): void {
    this.#reserve(6)
    const mask = (1 << prefixBits) - 1
    if (value < mask) {
      this.#bytes[this.#length++] = pattern | value
      return
    }
    this.#bytes[this.#length++] = pattern | mask
    let rest = value - mask
    for (; rest >= 0x80; rest >>>= 7) this.#bytes[this.#length++] = (rest & 0x7f) | 0x80
    this.#bytes[this.#length++] = rest
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(2 * (this.#length + bytes))
    this.#bytes.copy(larger, 0, 0, this.#length)
    this.#bytes = larger
  }
}

const writer = new FieldWriter()

/** One block of the fields of a flat list (name, value, name, value). Pseudo-headers have to come first. */
export function writeFields(fields: readonly string[]): Buffer {
  writer.clear()
  for (let i = 0; i + 1 < fields.length; i += 2) writer.field(fields[i] as string, fields[i + 1] as string)
  return writer.take()
}

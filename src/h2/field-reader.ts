// Walks through a block of fields in HPACK (RFC 7541 §6), one field at a time, without making anything of them.

import { DynamicTable } from './dynamic-table.ts'
import { type FieldName, fieldName, readFieldName } from './field-name.ts'
import { decodeHuffman, longestDecoded } from './huffman.ts'
import { ConnectionError, errorCode } from './protocol.ts'
import { staticTable, type TableField } from './static-table.ts'

/** Integers are lengths and indexes; none that makes sense comes near (RFC 7541 §5.1 asks for a limit). */
const maxInteger = 2 ** 24

/** Decoded values lie here until the next field is read. One for all: nothing reads two blocks at a time. */
let scratch = Buffer.allocUnsafe(4096)

/**
 * Reads the blocks of one connection in the order in which they came, and is the field under way: its name, its value
 * (in `valueBytes` from `valueStart` to `valueEnd`, good until the next field), and where it lies in the block. Throws a
 * ConnectionError: after a block that cannot be read no other one can.
 */
export class FieldReader {
  readonly table = new DynamicTable()

  name: FieldName = fieldName('')
  valueBytes: Buffer = scratch
  valueStart = 0
  valueEnd = 0
  /** Where the field lies in the block. */
  fieldStart = 0
  fieldEnd = 0
  /** Where its value lies, as a string literal; equal if the value has a number. */
  literalStart = 0
  /** The sender forbids to put it into a table (§6.2.3). */
  isNeverIndexed = false
  /** The sender puts it into the table, if it has one (§6.2.1). */
  isAdded = false
  /** It refers to the dynamic table, so it means something on this connection alone. */
  isBound = false

  /** The block under way. */
  block: Buffer = scratch
  /** Where it ends. */
  end = 0

  /** Begins a block. Size updates come first (§4.2). */
  begin(block: Buffer, start: number, end: number): void {
    this.block = block
    this.fieldEnd = start
    this.end = end
    while (this.fieldEnd < end && ((block[this.fieldEnd] as number) & 0xe0) === 0x20) {
      this.table.resize(this.#integer(5))
    }
    if (this.table.owesUpdate) throw corrupt('a size update is due')
  }

  /** Reads the next field; false at the end of the block. */
  next(): boolean {
    if (this.fieldEnd >= this.end) return false
    const first = this.block[this.fieldEnd] as number
    this.fieldStart = this.fieldEnd
    if (first >= 0x80) this.#indexed()
    else if (first >= 0x40) this.#literal(6, false)
    else if (first >= 0x20) throw corrupt('a size update after the first field')
    else this.#literal(4, first >= 0x10)
    return true
  }

  valueText(): string {
    return this.valueBytes.toString('latin1', this.valueStart, this.valueEnd)
  }

  #indexed(): void {
    const index = this.#integer(7)
    const { name, value } = this.#entry(index)
    this.name = name
    this.valueBytes = value
    this.valueStart = 0
    this.valueEnd = value.length
    this.literalStart = this.fieldEnd
    this.isNeverIndexed = this.isAdded = false
    this.isBound = index > staticTable.length
  }

  #literal(prefixBits: number, isNeverIndexed: boolean): void {
    const index = this.#integer(prefixBits)
    this.isNeverIndexed = isNeverIndexed
    this.isAdded = prefixBits === 6
    this.isBound = index > staticTable.length
    this.name = index === 0 ? this.#nameLiteral() : this.#entry(index).name
    this.literalStart = this.fieldEnd
    this.#valueLiteral()
    if (this.isAdded && this.table.isOpen) {
      const value = Buffer.from(this.valueBytes.subarray(this.valueStart, this.valueEnd))
      this.table.add({ name: this.name, value })
    }
  }

  #entry(index: number): TableField {
    const entry = index <= staticTable.length ? staticTable[index - 1] : this.table.at(index - staticTable.length)
    if (entry === undefined) throw corrupt(`no field has the number ${index}`)
    return entry
  }

  #nameLiteral(): FieldName {
    const isHuffman = ((this.block[this.fieldEnd] as number) & 0x80) !== 0
    const end = this.#stringEnd()
    const name = readFieldName(this.block, this.fieldEnd, end, isHuffman)
    if (name === undefined) throw corrupt('a name that is not Huffman code')
    this.fieldEnd = end
    return name
  }

  #valueLiteral(): void {
    const isHuffman = ((this.block[this.fieldEnd] as number) & 0x80) !== 0
    const end = this.#stringEnd()
    this.valueBytes = this.block
    this.valueStart = this.fieldEnd
    this.valueEnd = end
    if (isHuffman) {
      const room = longestDecoded(end - this.fieldEnd)
      if (scratch.length < room) scratch = Buffer.allocUnsafe(room)
      const length = decodeHuffman(this.block, this.fieldEnd, end, scratch)
      if (length < 0) throw corrupt('a value that is not Huffman code')
      this.valueBytes = scratch
      this.valueStart = 0
      this.valueEnd = length
    }
    this.fieldEnd = end
  }

  /** Reads the length of a string (§5.2); returns its end, within the block. */
  #stringEnd(): number {
    const length = this.#integer(7)
    if (this.fieldEnd + length > this.end) throw corrupt('a string beyond the end of the block')
    return this.fieldEnd + length
  }

  /** An integer whose first bits share a byte with something else (§5.1). */
  #integer(prefixBits: number): number {
    if (this.fieldEnd >= this.end) throw corrupt('a field that is cut short')
    const mask = (1 << prefixBits) - 1
    let value = (this.block[this.fieldEnd++] as number) & mask
    if (value < mask) return value
    for (let shift = 0; ; shift += 7) {
      if (this.fieldEnd >= this.end) throw corrupt('an integer that is cut short')
      const byte = this.block[this.fieldEnd++] as number
      value += (byte & 0x7f) * 2 ** shift
      if (value > maxInteger || shift > 28) throw corrupt('an integer too large')
      if (byte < 0x80) return value
    }
  }
}

const corrupt = (what: string) => new ConnectionError(errorCode.compressionError, what)

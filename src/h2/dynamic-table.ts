// The fields that HPACK numbers as it meets them (RFC 7541 §2.3.2, §4).

import { ConnectionError, errorCode } from './protocol.ts'
import type { TableField } from './static-table.ts'

/** What an entry takes beside its name and value (§4.1). */
const entryOverhead = 32

export class DynamicTable {
  /** The newest is the last. */
  readonly #entries: TableField[] = []
  #size = 0
  /** What the sender uses, never above `#limit`. */
  #maxSize = 4096
  /** What we have told the sender, and what it has acknowledged (§4.2). */
  #limit = 4096
  /** The sender must say in the next block that its table is smaller now. */
  #owesUpdate = false

  get owesUpdate(): boolean {
    return this.#owesUpdate
  }

  /**
   * The sender has acknowledged the limit 0. It must empty what it has before it sends another block (RFC 9113 §4.3.1).
   * One that has nothing yet is not asked to say so; until it does, its table is as it was.
   */
  close(): void {
    this.#limit = 0
    this.#owesUpdate = this.#size > 0
  }

  /** A size update of the sender (§6.3). */
  resize(maxSize: number): void {
    if (maxSize > this.#limit) throw new ConnectionError(errorCode.compressionError, 'a table larger than it may be')
    this.#owesUpdate = false
    this.#maxSize = maxSize
    this.#evict(0)
  }

  /** Entry 1 is the newest. */
  at(index: number): TableField | undefined {
    return this.#entries[this.#entries.length - index]
  }

  add(field: TableField): void {
    const size = entrySize(field)
    this.#evict(size)
    if (size > this.#maxSize) return
    this.#entries.push(field)
    this.#size += size
  }

  /** True if an entry of that size would be kept: without a table there is no need to make one. */
  get isOpen(): boolean {
    return this.#maxSize > 0
  }

  #evict(room: number): void {
    let count = 0
    while (count < this.#entries.length && this.#size + room > this.#maxSize) {
      this.#size -= entrySize(this.#entries[count] as TableField)
      count += 1
    }
    if (count > 0) this.#entries.splice(0, count)
  }
}

const entrySize = ({ name, value }: TableField): number => name.text.length + value.length + entryOverhead

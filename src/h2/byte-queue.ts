// Bytes on their way through a stream, bounded by a budget; they can be kept so that they can be sent once more.

import { giveBlock, takeBlock } from './blocks.ts'

/** What all queues that share it may hold. */
export interface Budget {
  /** False if there is no room for that many bytes; nothing is taken then. */
  take(bytes: number): boolean
  give(bytes: number): void
}

const largestBlock = 64 * 1024

/** A promise of more bytes than this is not trusted with memory of its own. */
const largestPromise = 256 * 1024

/**
 * First in, first out. `push` copies, so that a frame does not hold the whole read that it came with. While `isKeeping`,
 * what has been read stays, and `rewind` starts over.
 */
export class ByteQueue {
  /** No byte has been forgotten: `rewind` and `whole` give all that was ever pushed. */
  isWhole = true
  /** Bytes that have not been read. */
  unread = 0
  /** Bytes that are held, read or not. */
  held = 0

  readonly #budget: Budget
  #isKeeping: boolean
  readonly #blocks: Buffer[] = []
  /** Bytes in the last block. */
  #tail = 0
  #promised = 0
  /** The next byte to read: block and place in it. */
  #block = 0
  #at = 0

  constructor(budget: Budget, { isKeeping }: { readonly isKeeping: boolean }) {
    this.#budget = budget
    this.#isKeeping = isKeeping
  }

  /** So many bytes are to come: they will lie in one piece, so that `whole` need not put them together. */
  expect(bytes: number): void {
    this.#promised = Math.min(bytes, largestPromise)
  }

  /** False if the budget has no room; nothing is pushed then. `isLast` avoids room for more. */
  push(bytes: Buffer, start: number, end: number, isLast = false): boolean {
    const length = end - start
    if (length === 0) return true
    if (!this.#budget.take(length)) return false
    this.held += length
    this.unread += length
    for (let from = start; from < end; ) from += this.#fill(bytes, from, end, isLast)
    return true
  }

  #fill(bytes: Buffer, from: number, end: number, isLast: boolean): number {
    let last = this.#blocks.at(-1)
    if (last === undefined || this.#tail === last.length) {
      const wanted = end - from
      const usual = isLast ? wanted : Math.min(largestBlock, Math.max(wanted, 2 * (last?.length ?? 0)))
      const room = last === undefined ? Math.max(usual, this.#promised) : usual
      last = takeBlock(room)
      this.#blocks.push(last)
      this.#tail = 0
    }
    const count = bytes.copy(last, this.#tail, from, end)
    this.#tail += count
    return count
  }

  /** The next unread bytes that lie together. */
  front(): Buffer {
    const block = this.#blocks[this.#block]
    if (block === undefined) return nothing
    const end = this.#endOf(this.#block)
    return this.#at === 0 && end === block.length ? block : block.subarray(this.#at, end)
  }

  /** Marks bytes of `front` as read. */
  advance(bytes: number): void {
    this.unread -= bytes
    this.#at += bytes
    const block = this.#blocks[this.#block]
    // A block that is full and read is done with; the last one goes as soon as it is read.
    if (
      block !== undefined &&
      this.#at === this.#endOf(this.#block) &&
      (this.#at === block.length || !this.#isKeeping)
    ) {
      this.#block += 1
      this.#at = 0
    }
    if (!this.#isKeeping) this.#forgetRead()
  }

  /** Starts over. Only for a queue that is whole. */
  rewind(): void {
    this.#block = 0
    this.#at = 0
    this.unread = this.held
  }

  /** What has been read is forgotten, and will be from now on. */
  stopKeeping(): void {
    if (!this.#isKeeping) return
    this.#isKeeping = false
    if (this.held > this.unread) this.isWhole = false
    this.#forgetRead()
  }

  /** Forgets everything, and the memory may be used for something else: nobody looks into a `whole` of it any more. */
  release(): void {
    for (const block of this.#blocks) giveBlock(block)
    this.clear()
  }

  /** Forgets everything. */
  clear(): void {
    if (this.held > 0) this.isWhole = false
    this.#budget.give(this.held)
    this.#blocks.length = 0
    this.#block = this.#at = this.#tail = this.held = this.unread = 0
  }

  /** All that is held, in one piece. */
  whole(): Buffer {
    if (this.#blocks.length === 0) return nothing
    const [first] = this.#blocks as [Buffer]
    if (this.#blocks.length === 1) return this.#tail === first.length ? first : first.subarray(0, this.#tail)
    return Buffer.concat(this.#blocks.map((block, i) => block.subarray(0, this.#endOf(i))))
  }

  #endOf(index: number): number {
    return index === this.#blocks.length - 1 ? this.#tail : (this.#blocks[index] as Buffer).length
  }

  #forgetRead(): void {
    if (this.#block > 0) {
      this.#blocks.splice(0, this.#block)
      this.#block = 0
      if (this.#blocks.length === 0) this.#tail = 0
    }
    const forgotten = this.held - this.unread
    if (forgotten === 0) return
    // The block that is half read is given back whole when it is done with; its bytes count for the budget as they go.
    this.isWhole = false
    this.held = this.unread
    this.#budget.give(forgotten)
  }
}

const nothing = Buffer.alloc(0)

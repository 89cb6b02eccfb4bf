// What a case does next, read from bytes: the same bytes are the same case, and bytes that are changed a little are a case that is.

export class Choices {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** Nothing is left: every choice from here on is the first one. */
  get isOver(): boolean {
    return this.#at >= this.#bytes.length
  }

  byte(): number {
    return this.#bytes[this.#at++] ?? 0
  }

  /** Below `count`, which is 65,536 at most. */
  below(count: number): number {
    return (count <= 256 ? this.byte() : this.byte() * 256 + this.byte()) % count
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T
  }

  /** True in one of `n` cases. */
  oneIn(n: number): boolean {
    return this.byte() % n === n - 1
  }

  /** As many bytes as are there, up to `most` (255 at most). */
  bytes(most: number): Buffer {
    const start = this.#at + 1
    const end = Math.min(this.#bytes.length, start + this.below(most + 1))
    this.#at = end
    return Buffer.from(this.#bytes.subarray(start, end))
  }
}

// Remembers what bytes mean that are met again and again.

interface Entry<Meaning> {
  readonly bytes: Buffer
  readonly variant: number
  readonly meaning: Meaning
}

/** One place for each hash; a newcomer takes the place over. That bounds memory whatever is sent. */
export class Known<Meaning> {
  readonly #entries: (Entry<Meaning> | undefined)[]
  readonly #longest: number

  /** `places` is a power of two; more than `longest` bytes are not remembered. */
  constructor(places: number, longest: number) {
    this.#entries = new Array(places)
    this.#longest = longest
  }

  /** What the bytes from `start` to `end` mean; the same bytes may mean several things, told apart by `variant`. */
  find(source: Buffer, start: number, end: number, variant: number): Meaning | undefined {
    if (end - start > this.#longest) return undefined
    const entry = this.#entries[this.#place(source, start, end)]
    if (entry === undefined || entry.variant !== variant) return undefined
    return isSame(entry.bytes, source, start, end) ? entry.meaning : undefined
  }

  /** `bytes` have to stay as they are. */
  remember(bytes: Buffer, variant: number, meaning: Meaning): void {
    if (bytes.length > this.#longest) return
    this.#entries[this.#place(bytes, 0, bytes.length)] = { bytes, variant, meaning }
  }

  #place(source: Buffer, start: number, end: number): number {
    let hash = 3
    for (let i = start; i < end; i += 1) hash = (hash * 31 + (source[i] as number)) | 0
    return (hash ^ (hash >>> 8)) & (this.#entries.length - 1)
  }
}

function isSame(known: Buffer, source: Buffer, start: number, end: number): boolean {
  if (known.length !== end - start) return false
  for (let i = 0; i < known.length; i += 1) if (known[i] !== source[start + i]) return false
  return true
}

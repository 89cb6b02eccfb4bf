// Remembers what bytes mean that are met again and again.

interface Entry<Meaning> {
  readonly bytes: Buffer
  readonly variant: number
  readonly meaning: Meaning
}

/**
 * One place for each hash; a newcomer takes the place over, which bounds memory whatever is sent. It has to be met twice:
 * what comes once only would live just long enough to cost the collector more than it saves.
 */
export class Known<Meaning> {
  readonly #entries: (Entry<Meaning> | undefined)[]
  /** The hash of what each place was last asked for in vain. */
  readonly #missed: Int32Array
  readonly #longest: number
  /** What was looked for last and not found had been looked for before, so that it is worth to be remembered. */
  isMetAgain = false

  /** `places` is a power of two; more than `longest` bytes are not remembered. */
  constructor(places: number, longest: number) {
    this.#entries = new Array(places).fill(undefined)
    this.#missed = new Int32Array(places)
    this.#longest = longest
  }

  /** What the bytes from `start` to `end` mean; the same bytes may mean several things, told apart by `variant`. */
  find(source: Buffer, start: number, end: number, variant: number): Meaning | undefined {
    this.isMetAgain = false
    if (end - start > this.#longest) return undefined
    const hash = hashOf(source, start, end)
    const place = this.#placeOf(hash)
    const entry = this.#entries[place]
    if (entry !== undefined && entry.variant === variant && isSame(entry.bytes, source, start, end))
      return entry.meaning
    this.isMetAgain = this.#missed[place] === hash
    this.#missed[place] = hash
    return undefined
  }

  /** `bytes` have to stay as they are. */
  remember(bytes: Buffer, variant: number, meaning: Meaning): void {
    this.#entries[this.#placeOf(hashOf(bytes, 0, bytes.length))] = { bytes, variant, meaning }
  }

  #placeOf(hash: number): number {
    return (hash ^ (hash >>> 8)) & (this.#missed.length - 1)
  }
}

function hashOf(source: Buffer, start: number, end: number): number {
  let hash = 3
  for (let i = start; i < end; i += 1) hash = (Math.imul(hash, 31) + (source[i] as number)) | 0
  return hash
}

function isSame(known: Buffer, source: Buffer, start: number, end: number): boolean {
  if (known.length !== end - start) return false
  for (let i = 0; i < known.length; i += 1) if (known[i] !== source[start + i]) return false
  return true
}

// Streams that we have reset. A peer may still be sending on them for a while, which must not look like an error.

/** A stream is forgotten when one is reset that was opened this many streams later. */
const places = 4096

/** A place for each id: nothing is made for one, and nothing has to be thrown away (see `stream-table` for what a Set would leave behind). */
export class ResetIds {
  /** 16 KiB, for those who reset anything. */
  #ids: Uint32Array | undefined

  /** Ids of one peer are all odd. */
  add(id: number): void {
    this.#ids ??= new Uint32Array(places)
    this.#ids[(id >>> 1) % places] = id
  }

  has(id: number): boolean {
    return this.#ids?.[(id >>> 1) % places] === id
  }
}

// Streams that we have reset.

/** A peer may still be sending on them for a while, which must not look like an error. */
const mostRemembered = 4096

export class ResetIds {
  readonly #ids = new Set<number>()

  add(id: number): void {
    this.#ids.add(id)
    if (this.#ids.size > mostRemembered) this.#ids.delete(this.#ids.values().next().value as number)
  }

  has(id: number): boolean {
    return this.#ids.has(id)
  }
}

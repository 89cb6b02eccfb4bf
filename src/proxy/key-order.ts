// One event at a time for each key, in the order of arrival.

export class KeyOrder {
  /** The keys that have an event in flight, and who waits behind it. */
  readonly #queues = new Map<string, Set<() => void>>()

  /** Takes the turn if nobody has it. */
  enter(key: string): boolean {
    if (this.#queues.has(key)) return false
    this.#queues.set(key, new Set())
    return true
  }

  /** Who is called has the turn. Returns how to leave the queue. */
  onTurn(key: string, listener: () => void): () => void {
    const queue = this.#queues.get(key)
    queue?.add(listener)
    return () => queue?.delete(listener)
  }

  /** Gives the turn to the next one. */
  leave(key: string): void {
    const queue = this.#queues.get(key)
    const [next] = queue ?? []
    if (next === undefined) {
      this.#queues.delete(key)
      return
    }
    queue?.delete(next)
    next()
  }
}

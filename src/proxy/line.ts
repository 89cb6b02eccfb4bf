// Those that wait, in the order in which they came.

interface Place<Waiting> {
  readonly waiting: Waiting
  before: Place<Waiting> | undefined
  behind: Place<Waiting> | undefined
  isTaken: boolean
}

/**
 * A list that anybody may leave at any time. Not a Set: where many come and go, the tables that it leaves behind refer to each
 * other, which keeps all who ever waited until the next full collection (see `h2/stream-table`). A place that was left
 * refers to nothing.
 */
export class Line<Waiting> {
  /** Those that wait. */
  size = 0
  #first: Place<Waiting> | undefined
  #last: Place<Waiting> | undefined

  first(): Waiting | undefined {
    return this.#first?.waiting
  }

  /** At the end. Returns how to leave, which may be called more than once. */
  join(waiting: Waiting): () => void {
    const place = { waiting, before: this.#last, behind: undefined, isTaken: true }
    if (this.#last === undefined) this.#first = place
    else this.#last.behind = place
    this.#last = place
    this.size += 1
    return () => this.#leave(place)
  }

  /** Those that wait now. */
  all(): Waiting[] {
    const all: Waiting[] = []
    for (let place = this.#first; place !== undefined; place = place.behind) all.push(place.waiting)
    return all
  }

  #leave(place: Place<Waiting>): void {
    if (!place.isTaken) return
    const { before, behind } = place
    if (before === undefined) this.#first = behind
    else before.behind = behind
    if (behind === undefined) this.#last = before
    else behind.before = before
    place.before = undefined
    place.behind = undefined
    place.isTaken = false
    this.size -= 1
  }
}

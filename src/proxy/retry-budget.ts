// How many events may be sent again although the function may have run: a part of all events, so that retries cannot melt it.

/** Of the events of the last ten seconds a fifth, and ten for each second (Finagle, Linkerd: 20 % + 10/s, ttl 10 s). */
const share = 0.2
const perSecond = 10
const slots = 10
const slotMs = 1000

/** Counts by the second. Times are in milliseconds of one clock. */
export class RetryBudget {
  readonly #events = new Float64Array(slots)
  readonly #retries = new Float64Array(slots)
  #second = 0

  event(nowMs: number): void {
    const slot = this.#slot(nowMs)
    this.#events[slot] = (this.#events[slot] as number) + 1
  }

  /** False if it is used up. */
  allows(nowMs: number): boolean {
    this.#slot(nowMs)
    return sum(this.#retries) + 1 <= sum(this.#events) * share + perSecond * slots
  }

  /** False if it is used up, and nothing is taken. */
  take(nowMs: number): boolean {
    if (!this.allows(nowMs)) return false
    const slot = this.#slot(nowMs)
    this.#retries[slot] = (this.#retries[slot] as number) + 1
    return true
  }

  #slot(nowMs: number): number {
    const second = Math.floor(nowMs / slotMs)
    // The seconds that nobody counted in between are over as well.
    for (let passed = Math.max(this.#second + 1, second - slots + 1); passed <= second; passed += 1) {
      this.#events[passed % slots] = 0
      this.#retries[passed % slots] = 0
    }
    this.#second = Math.max(this.#second, second)
    return this.#second % slots
  }
}

const sum = (counts: Float64Array): number => counts.reduce((total, count) => total + count, 0)

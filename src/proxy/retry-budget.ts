// How many events may be sent again although the function may have run: a part of all events, so that retries cannot melt it,
// and few while no function answers at all: then another replica is obviously no help.

/**
 * Of the events of the last ten seconds a fifth, and ten for each second (Finagle, Linkerd: 20 % + 10/s, ttl 10 s), so that a
 * function with few events may try elsewhere when a replica breaks.
 */
const share = 0.2
const perSecond = 10
const slots = 10
const slotMs = 1000

/**
 * In a row without an answer, beside that fifth. It is a number and no rate: however long everything fails, it is given once.
 * So a minute of failure has at most 1.2 attempts for an event, from 4 events a second on: 40 + 0.2 × 10 s × 4/s = 0.2 × 60 s × 4/s.
 * They are counted when they are sent, because what breaks late would leave too many on their way, and are as many so that
 * what a replica takes along when it dies may run again.
 */
const inVain = 40

/** Counts by the second. Times are in milliseconds of one clock. */
export class RetryBudget {
  readonly #events = new Float64Array(slots)
  readonly #retries = new Float64Array(slots)
  #second = 0
  /** Retries since the last answer. */
  #sinceAnswer = 0

  event(nowMs: number): void {
    const slot = this.#slot(nowMs)
    this.#events[slot] = (this.#events[slot] as number) + 1
  }

  /** A function has answered, if only with an error: another try is worth its while again. */
  answered(): void {
    this.#sinceAnswer = 0
  }

  /** False if it is used up. */
  allows(nowMs: number): boolean {
    this.#slot(nowMs)
    const part = sum(this.#events) * share
    return this.#sinceAnswer + 1 <= part + inVain && sum(this.#retries) + 1 <= part + perSecond * slots
  }

  /** False if it is used up, and nothing is taken. */
  take(nowMs: number): boolean {
    if (!this.allows(nowMs)) return false
    const slot = this.#slot(nowMs)
    this.#retries[slot] = (this.#retries[slot] as number) + 1
    this.#sinceAnswer += 1
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

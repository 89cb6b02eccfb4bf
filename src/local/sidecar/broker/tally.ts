// Counts what becomes of the events that are owed to one Function.

/** How one attempt to deliver an event ended. */
export type Delivery =
  | { readonly kind: 'acknowledged' }
  /** The function asked for the event to be dropped. */
  | { readonly kind: 'dropped' }
  /** 404 or UNIMPLEMENTED: a sidecar takes such an event for done, though nobody has handled it. */
  | { readonly kind: 'unhandled'; readonly cause: string }
  | { readonly kind: 'failed'; readonly cause: string }

export interface Counts {
  /** Events owed: one for each subscription that an event is meant for. */
  readonly published: number
  readonly delivered: number
  readonly dropped: number
  /** Failed attempts; most of them are tried again. */
  readonly failed: number
  readonly unhandled: number
  /** Events without an acknowledgement that are not yet given up. */
  readonly pending: number
  /** published − delivered − dropped */
  readonly lost: number
}

// Enough for a steady p99, and small enough to sort twice a second.
const keptLatencies = 4096

export class Tally {
  #published = 0
  #delivered = 0
  #dropped = 0
  #unhandled = 0
  #failed = 0
  #givenUp = 0
  readonly #latenciesMs: number[] = []
  #next = 0

  published(): void {
    this.#published += 1
  }

  attempted(delivery: Delivery, latencyMs: number): void {
    if (delivery.kind === 'dropped') this.#dropped += 1
    else if (delivery.kind === 'unhandled') this.#unhandled += 1
    else if (delivery.kind === 'failed') this.#failed += 1
    else {
      this.#delivered += 1
      this.#latenciesMs[this.#next] = latencyMs
      this.#next = (this.#next + 1) % keptLatencies
    }
  }

  givenUp(): void {
    this.#givenUp += 1
  }

  counts(): Counts {
    const settled = this.#delivered + this.#dropped
    return {
      published: this.#published,
      delivered: this.#delivered,
      dropped: this.#dropped,
      failed: this.#failed,
      unhandled: this.#unhandled,
      pending: this.#published - settled - this.#unhandled - this.#givenUp,
      lost: this.#published - settled,
    }
  }

  /** Milliseconds from an event's publication to its acknowledgement, of the last events; undefined before the first. */
  latencyMs(quantile: number): number | undefined {
    const sorted = this.#latenciesMs.toSorted((a, b) => a - b)
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * quantile))]
  }
}

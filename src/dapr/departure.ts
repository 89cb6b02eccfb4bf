// Tells when a sender has gone away. Lighter than an AbortController, of which each event would need one.

import type { Sender } from './event.ts'

export class Departure implements Sender {
  #isGone = false
  /** Nearly always one. */
  readonly #listeners: (() => void)[] = []

  get isGone(): boolean {
    return this.#isGone
  }

  onGone(listener: () => void): () => void {
    this.#listeners.push(listener)
    return () => {
      const at = this.#listeners.indexOf(listener)
      if (at >= 0) this.#listeners.splice(at, 1)
    }
  }

  /** The sender has gone. Only the first call counts. */
  leave(): void {
    if (this.#isGone) return
    this.#isGone = true
    // Listeners leave the list while they are called.
    for (const listener of [...this.#listeners]) if (this.#listeners.includes(listener)) listener()
  }
}

/** A sender that waits for as long as it takes. */
export const patientSender: Sender = { isGone: false, onGone: () => () => {} }

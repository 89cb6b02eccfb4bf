// Tells when a sender has gone away. Lighter than an AbortController, of which each event would need one.

import type { Sender } from './event.ts'

export class Departure implements Sender {
  #isGone = false
  #listeners: Set<() => void> | undefined

  get isGone(): boolean {
    return this.#isGone
  }

  onGone(listener: () => void): () => void {
    this.#listeners ??= new Set()
    this.#listeners.add(listener)
    return () => this.#listeners?.delete(listener)
  }

  /** The sender has gone. Only the first call counts. */
  leave(): void {
    if (this.#isGone) return
    this.#isGone = true
    for (const listener of this.#listeners ?? []) listener()
  }
}

/** A sender that waits for as long as it takes. */
export const patientSender: Sender = { isGone: false, onGone: () => () => {} }

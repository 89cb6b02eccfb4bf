// Tells when a sender has gone away. Lighter than an AbortController, of which each event would need one.

import type { Sender, SenderListener } from './event.ts'

export class Departure implements Sender {
  #isGone = false
  #listener: SenderListener | undefined

  get isGone(): boolean {
    return this.#isGone
  }

  onGone(listener: SenderListener): void {
    this.#listener = listener
  }

  forget(listener: SenderListener): void {
    if (this.#listener === listener) this.#listener = undefined
  }

  /** The sender has gone. Only the first call counts. */
  leave(): void {
    if (this.#isGone) return
    this.#isGone = true
    this.#listener?.gone()
  }
}

/** A sender that waits for as long as it takes. */
export const patientSender: Sender = { isGone: false, onGone() {}, forget() {} }

// Counts the frames that cost us work and bring nobody forward, so that a flood of them ends.

import { ConnectionError, errorCode } from './protocol.ts'

/**
 * Resets, PINGs, SETTINGS, empty DATA, priorities and unknown frames that one connection may be ahead of its useful
 * frames. daprd may cancel all of its 2,048 calls at once; a server of grpc-go sends a PING for each DATA that it gets.
 */
export const mostNoise = 5000

/** Frames of noise that are forgotten each second. */
export const forgottenPerSecond = 1000

export class Noise {
  readonly #now: () => number
  #level = 0
  #sinceMs: number

  constructor(now: () => number) {
    this.#now = now
    this.#sinceMs = now()
  }

  /** One more frame of noise. Throws a ConnectionError if that is too much. */
  add(what: string): void {
    this.#level += 1
    if (this.#level <= mostNoise) return
    const now = this.#now()
    this.#level = Math.max(1, this.#level - ((now - this.#sinceMs) / 1000) * forgottenPerSecond)
    this.#sinceMs = now
    if (this.#level > mostNoise) throw new ConnectionError(errorCode.enhanceYourCalm, `a flood of ${what}`)
  }

  /** A frame that brought somebody forward makes up for one of noise. */
  makeUp(): void {
    if (this.#level > 0) this.#level -= 1
  }
}

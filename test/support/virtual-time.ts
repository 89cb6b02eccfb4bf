// Time that passes when a test says so.

import type { Time } from '../../src/proxy/time.ts'

interface Timer {
  readonly atMs: number
  readonly run: () => void
}

export class VirtualTime implements Time {
  readonly random: () => number
  #nowMs = 0
  #timers: Timer[] = []

  constructor(random: () => number) {
    this.random = random
  }

  readonly now = (): number => this.#nowMs

  after(delayMs: number, run: () => void): () => void {
    const timer = { atMs: this.#nowMs + delayMs, run }
    // Behind those of the same moment, so that they run in the order in which they were set.
    const index = this.#timers.findIndex(({ atMs }) => atMs > timer.atMs)
    this.#timers.splice(index === -1 ? this.#timers.length : index, 0, timer)
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer)
    }
  }

  timers(): number {
    return this.#timers.length
  }

  /** Runs every timer that is due within `ms`. */
  pass(ms: number): void {
    const endMs = this.#nowMs + ms
    while ((this.#timers[0]?.atMs ?? Number.POSITIVE_INFINITY) <= endMs) this.passToNext()
    this.#nowMs = endMs
  }

  /** Runs the next timer. */
  passToNext(): void {
    const next = this.#timers.shift()
    if (next === undefined) return
    this.#nowMs = Math.max(this.#nowMs, next.atMs)
    next.run()
  }

  /** As `pass`, and after each timer lets all that waits for promises go on. */
  async play(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms
    await settled()
    while ((this.#timers[0]?.atMs ?? Number.POSITIVE_INFINITY) <= endMs) {
      this.passToNext()
      await settled()
    }
    this.#nowMs = endMs
  }
}

/** Promises that wait for promises that wait …: deeper than anything in the core. */
async function settled(): Promise<void> {
  for (let depth = 0; depth < 16; depth += 1) await null
}

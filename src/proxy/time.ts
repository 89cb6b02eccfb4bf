// The clock, the timers and the chance that the core lives by. They are passed in, so that a test can play them.

export interface Time {
  /** Milliseconds of a clock that never goes back. */
  now(): number
  /** Runs once after a delay in milliseconds, unless the returned function is called before. */
  after(delayMs: number, run: () => void): () => void
  /** A number in [0, 1). */
  random(): number
}

export const systemTime: Time = {
  now: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs)
    return () => clearTimeout(timer)
  },
  random: Math.random,
}

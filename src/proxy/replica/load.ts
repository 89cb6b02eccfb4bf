// How busy a replica is and how fast it answers: what the policies compare.

/** Time constant of the latency, in milliseconds (Finagle and Linkerd: 10 s). */
const latencyTauMs = 10_000

/** Where more answers than this come within that time, it is they who count: what was slow only at its start is soon forgotten. */
const latencyAnswers = 64

/** One answer among few raises the latency by this factor at most: a single long event would shun its replica for a minute. */
const mostRise = 4

/** A clock may say that an answer took no time at all. Milliseconds. */
const leastTookMs = 0.01

/**
 * A failure weighs like an event that takes this long, in milliseconds (Linkerd's load biaser: 5 s). By Little's law a
 * replica that fails r events a second looks as if it had 5 r more in flight, however fast it fails; and when all of
 * them fail alike, all of them look alike.
 */
const failureTauMs = 5000

/** Where events take longer than this, a failure weighs more in proportion, so that its share stays below two percent. Milliseconds. */
const longMs = 250

/** What is left of a failure after two and a half time constants is noise. */
const leastFailures = 0.08

export class Load {
  /** Events that it works on now. */
  inFlight = 0
  #latencyMs = 0
  #latencyAtMs = 0
  #failures = 0
  #failuresAtMs = 0

  /**
   * How long answers took lately, by their geometric mean; silence heals. In milliseconds; 0 while nothing is known.
   * Not by their peak, as Finagle has it: one pause of a replica, or of this proxy, made it look slow for ten seconds, so equal
   * replicas had unequal shares, and one that is ten times slower looked like the others. That a replica has become slow,
   * its events in flight tell first. A new one is not given a guess of 30 ms, as Linkerd does: beside a function that takes
   * 1 ms it would stay unused for half a minute.
   */
  latencyMs(nowMs: number): number {
    return this.#latencyMs === 0 ? 0 : this.#latencyMs * Math.exp((this.#latencyAtMs - nowMs) / latencyTauMs)
  }

  /** Events in flight, and recent failures as if they still were. */
  busy(nowMs: number): number {
    return this.#failures === 0 ? this.inFlight : this.inFlight + this.#recentFailures(nowMs)
  }

  succeeded(tookMs: number, nowMs: number): void {
    const ms = Math.max(tookMs, leastTookMs)
    const weight = Math.max(1 - Math.exp((this.#latencyAtMs - nowMs) / latencyTauMs), 1 / latencyAnswers)
    if (this.#latencyMs === 0) this.#latencyMs = ms
    else this.#latencyMs *= Math.min((ms / this.#latencyMs) ** weight, mostRise)
    this.#latencyAtMs = nowMs
  }

  failed(nowMs: number): void {
    this.#failures = this.#recentFailures(nowMs) + Math.max(1, this.#latencyMs / longMs)
    this.#failuresAtMs = nowMs
    // Silence heals, failure does not: it must not look faster for want of successes.
    this.#latencyAtMs = nowMs
  }

  #recentFailures(nowMs: number): number {
    const left = this.#failures * Math.exp((this.#failuresAtMs - nowMs) / failureTauMs)
    if (left < leastFailures) this.#failures = 0
    return left < leastFailures ? 0 : left
  }
}

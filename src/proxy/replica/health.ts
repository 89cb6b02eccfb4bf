// Whether a replica gets events: it is reached before it counts, left alone while it fails, and tried with one event before it is back.

import type { Time } from '../time.ts'

export type State =
  | 'unreachable' // it takes no connection, or has not been asked yet
  | 'ready'
  | 'ejected' // it takes connections, but what is sent to it fails
  | 'trial' // its time is over: the next event shows whether it is back

/**
 * What came of one attempt to connect. `silent`: nobody there, not even to refuse. `no-handshake`: somebody is there, but does not
 * speak TLS as wanted, or not in time.
 */
export type Reached = 'accepted' | 'refused' | 'no-handshake' | 'silent'

export interface HealthParts {
  readonly time: Time
  /** Tries to connect. Never rejects. */
  readonly probe: () => Promise<Reached>
  /** False if too many would be ejected then. */
  readonly mayEject: () => boolean
  readonly onChange: () => void
  readonly onEjected: (cause: string) => void
  readonly onReadmitted: () => void
}

/** Failures of the transport in a row (Envoy: consecutive_gateway_failure). What a function answers is none, whatever it says. */
const ejectAfter = 5

/** How long an ejection lasts, in milliseconds: doubled each time, and shortened by chance to a half at most (Linkerd). */
const firstEjectionMs = 1000
const longestEjectionMs = 30_000

/** From one probe to the next, in milliseconds (Knative: 200); a replica that stays away is asked less and less often. */
const probeEveryMs = 200
const probeSeldomMs = 1000
const probeOftenForMs = 10_000

export class Health {
  state: State = 'unreachable'
  /** When it began to get events, in milliseconds of the clock. */
  readySinceMs = Number.NEGATIVE_INFINITY
  readonly #parts: HealthParts
  #failures = 0
  #ejections = 0
  #ejectedAtMs = 0
  #failedOnTrial = false
  #missedSinceMs: number | undefined
  #wasReady = false
  /** It was told that this replica gets no events. */
  #isOut = false
  #wasAsked = false
  #isClosed = false
  #cancelTimer = () => {}

  constructor(parts: HealthParts) {
    this.#parts = parts
  }

  /** One attempt to connect is over, whatever came of it. */
  get wasAsked(): boolean {
    return this.#wasAsked
  }

  /** Goes to look for it at once. */
  start(): void {
    this.#probe('')
  }

  close(): void {
    this.#isClosed = true
    this.#cancelTimer()
  }

  /** It answered an event that was sent to it at `sentMs`. */
  succeeded(sentMs: number): void {
    this.#failures = 0
    const isProof = this.state === 'trial' || (this.state === 'ejected' && sentMs > this.#ejectedAtMs)
    if (isProof) this.#readmit()
  }

  /** An event could not be sent to it, or the connection broke before the answer. */
  failed(cause: string): void {
    this.#failures += 1
    if (this.state === 'unreachable' || this.state === 'ejected') return
    this.#failedOnTrial = this.state === 'trial'
    // Until it is known whether anybody is there, no other event shall find out.
    this.#become('unreachable')
    this.#probe(cause)
  }

  async #probe(cause: string): Promise<void> {
    const { time, probe } = this.#parts
    const reached = await probe()
    if (this.#isClosed) return
    this.#wasAsked = true
    if (reached === 'accepted') {
      this.#accepted(cause)
      return
    }
    const nowMs = time.now()
    if (this.#missedSinceMs === undefined) this.#parts.onChange()
    this.#missedSinceMs ??= nowMs
    this.#tellOut(`it takes no connection (${reached})`)
    const isNew = nowMs - this.#missedSinceMs < probeOftenForMs
    this.#cancelTimer = time.after(isNew ? probeEveryMs : probeSeldomMs, () => this.#probe(cause))
  }

  #accepted(cause: string): void {
    const isNewStart = this.#missedSinceMs !== undefined
    this.#missedSinceMs = undefined
    if (isNewStart) this.#failures = 0
    const mustLeave = this.#failedOnTrial || (this.#failures >= ejectAfter && this.#parts.mayEject())
    if (isNewStart && this.#ejections > 0) this.#become('trial')
    else if (isNewStart || !this.#wasReady) this.#readmit()
    else if (mustLeave) this.#eject(cause)
    else this.#become('ready')
  }

  #eject(cause: string): void {
    const { time } = this.#parts
    this.#ejectedAtMs = time.now()
    const lastsMs = Math.min(firstEjectionMs * 2 ** this.#ejections, longestEjectionMs) * (1 - time.random() / 2)
    this.#ejections += 1
    this.#cancelTimer = time.after(lastsMs, () => this.#become('trial'))
    this.#tellOut(cause)
    this.#become('ejected')
  }

  #readmit(): void {
    this.#cancelTimer()
    this.#failures = 0
    this.#ejections = 0
    this.#failedOnTrial = false
    this.readySinceMs = this.#parts.time.now()
    this.#wasReady = true
    if (this.#isOut) this.#parts.onReadmitted()
    this.#isOut = false
    this.#become('ready')
  }

  #tellOut(cause: string): void {
    if (this.#isOut || !this.#wasReady) return
    this.#isOut = true
    this.#parts.onEjected(cause)
  }

  #become(state: State): void {
    this.state = state
    this.#parts.onChange()
  }
}

// Where events wait: for a replica, for a place on one, or for their turn. Bounded in number and in time.

import type { Event, Refusal, Sender } from '../dapr/event.ts'
import { Line } from './line.ts'
import type { Time } from './time.ts'

export interface HoldLimits {
  /** Events that may wait at one time. */
  readonly maxHeld: number
  /** From the arrival of an event, in milliseconds. A nearer deadline of the sender wins. */
  readonly holdTimeoutMs: number
}

/** Why an event waits. */
export type Cause =
  | 'no-replica' // none gets events
  | 'refusing' // each has just refused it
  | 'no-place' // as many events are in flight as may be
  | 'no-turn' // an earlier event of its key is in flight

/** Calls `listener` when something has happened, until the returned function is called. */
export type Subscribe = (listener: () => void) => () => void

/** A caller of a service waits for an answer; to queue it for long would be no answer either. Milliseconds. */
const longestInvokeMs = 5000

/** Only a replica may say to daprd that an app wants no events. As good as for ever: a timer knows no more than 24 days. Milliseconds. */
const longestQuestionMs = 24 * 3_600_000

/** Waits between two sweeps over replicas that all refuse, in milliseconds: doubled each time, with jitter. */
const firstPauseMs = 50
const longestPauseMs = 1000

export class Hold {
  readonly #limits: HoldLimits
  readonly #time: Time
  readonly #onGain: Subscribe
  readonly #held = new Line<Patience>()
  /** Those that wait for a place, in the order of arrival. */
  readonly #queue = new Line<() => void>()

  /** `onGain` tells that there may be a replica for an event that found none. */
  constructor(limits: HoldLimits, time: Time, onGain: Subscribe) {
    this.#limits = limits
    this.#time = time
    this.#onGain = onGain
  }

  /** Events that wait now. */
  held(): number {
    return this.#held.size
  }

  /** When the event that has waited longest arrived, in milliseconds of the clock; undefined if none waits. */
  oldestMs(): number | undefined {
    let oldestMs: number | undefined
    for (const { arrivedMs } of this.#held.all()) oldestMs = Math.min(arrivedMs, oldestMs ?? arrivedMs)
    return oldestMs
  }

  /** The patience with one event that arrived at `arrivedMs`. */
  begin(event: Event<unknown>, arrivedMs: number): Patience {
    const ownMs = this.#longestMs(event)
    return {
      arrivedMs,
      endMs: Math.min(arrivedMs + ownMs, event.deadlineMs ?? Number.POSITIVE_INFINITY),
      isOwnEnd: event.deadlineMs === undefined || arrivedMs + ownMs <= event.deadlineMs,
      sender: event.sender,
      pauseMs: firstPauseMs,
      restEndMs: undefined,
      hasRested: false,
      waited: 0,
    }
  }

  #longestMs({ isQuestion, route }: Event<unknown>): number {
    const { holdTimeoutMs } = this.#limits
    if (isQuestion) return longestQuestionMs
    return route.kind === 'invoke' ? Math.min(holdTimeoutMs, longestInvokeMs) : holdTimeoutMs
  }

  /** A place has become free: the next in the queue may take it. */
  placeFree(): void {
    this.#queue.first()?.()
  }

  /**
   * Waits until it is worth another try. Resolves to the reason why the event has to be given back, or to undefined: try
   * again. `onTurn` tells that it is the turn of an event that waits for that.
   */
  async wait(patience: Patience, cause: Cause, onTurn?: Subscribe): Promise<Refusal | undefined> {
    const leftMs = patience.endMs - this.#time.now()
    if (leftMs <= 0) return this.#atEnd(patience, cause)
    // Who has waited before and only looked around keeps the place.
    if (patience.waited === 0 && this.#held.size >= this.#limits.maxHeld) return 'held-full'
    patience.waited += 1
    const leaveHeld = this.#held.join(patience)
    // Whatever wakes it: what has just refused it is not asked again and again.
    patience.restEndMs ??= this.#time.now() + this.#pause(patience)
    const delayMs = cause === 'refusing' ? Math.min(patience.restEndMs - this.#time.now(), leftMs) : leftMs
    const isWoken = await this.#woken(patience, cause, delayMs, onTurn)
    leaveHeld()
    patience.hasRested = this.#time.now() >= patience.restEndMs
    if (patience.hasRested) patience.restEndMs = undefined
    if (patience.sender.isGone) {
      // The place that woke it is for the next one.
      if (isWoken && cause === 'no-place') this.placeFree()
      return 'cancelled'
    }
    return undefined
  }

  #pause(patience: Patience): number {
    const { pauseMs } = patience
    patience.pauseMs = Math.min(pauseMs * 2, longestPauseMs)
    return pauseMs * (0.5 + this.#time.random() / 2)
  }

  #atEnd({ isOwnEnd }: Patience, cause: Cause): Refusal {
    if (!isOwnEnd) return 'deadline'
    return cause === 'no-place' || cause === 'no-turn' ? 'held-full' : 'no-replica'
  }

  /** Resolves to whether something happened, false if time or the sender has run away. Leaves neither a timer nor a listener behind. */
  #woken({ sender }: Patience, cause: Cause, delayMs: number, onTurn?: Subscribe): Promise<boolean> {
    if (sender.isGone) return Promise.resolve(false)
    return new Promise((resolve) => {
      const end = (isWoken: boolean) => {
        cancelTimer()
        sender.forget(listener)
        unsubscribe()
        resolve(isWoken)
      }
      const wake = () => end(true)
      const listener = { gone: () => end(false) }
      const cancelTimer = this.#time.after(delayMs, () => end(false))
      sender.onGone(listener)
      const unsubscribe = this.#subscribe(cause, wake, onTurn)
    })
  }

  #subscribe(cause: Cause, wake: () => void, onTurn?: Subscribe): () => void {
    if (onTurn !== undefined) return onTurn(wake)
    const stop = this.#onGain(wake)
    if (cause !== 'no-place') return stop
    const leaveQueue = this.#queue.join(wake)
    return () => {
      stop()
      leaveQueue()
    }
  }
}

/** How long one event may still wait. */
export interface Patience {
  readonly arrivedMs: number
  readonly endMs: number
  /** The end is ours, not the sender's deadline. */
  readonly isOwnEnd: boolean
  readonly sender: Sender
  /** How long it rests before it tries again what refused it, the next time. */
  pauseMs: number
  restEndMs: number | undefined
  /** Since the wait began that has ended now, it has rested enough to try again what refused it before. */
  hasRested: boolean
  waited: number
}

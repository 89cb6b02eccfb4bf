// Where events wait for a replica: bounded in number and in time.

import type { Event, Refusal, Sender } from '../dapr/event.ts'

export interface HoldLimits {
  /** Events that may wait at one time. */
  readonly maxHeld: number
  /** From the arrival of an event, in milliseconds. A nearer deadline of the sender wins. */
  readonly holdTimeoutMs: number
}

/** Waits between two sweeps over replicas that all refuse, in milliseconds: doubled each time, with jitter. */
const firstPauseMs = 50
const longestPauseMs = 1000

export interface Hold {
  /** Events that wait now. */
  held(): number
  /** How long the one of them that arrived first has been here, in milliseconds; 0 if none waits. */
  oldestHeldMs(): number
  /** The patience with one event, counted from now on. */
  begin(event: Event<unknown>): Patience
}

export interface Patience {
  /**
   * Waits until the replicas may have changed, or for a pause if there are some that refuse.
   * Resolves to the reason why the event has to be given back, or to undefined: try again.
   */
  wait(onChange: Subscribe, hasReplicas: boolean): Promise<Refusal | undefined>
}

/** Calls `listener` at each change of the set of replicas, until the returned function is called. */
export type Subscribe = (listener: () => void) => () => void

export function createHold(
  limits: HoldLimits,
  { now, random }: { readonly now: () => number; readonly random: () => number },
): Hold {
  const held = new Set<{ readonly arrivedMs: number }>()

  const begin = (event: Event<unknown>): Patience => {
    const arrival = { arrivedMs: now() }
    const timeoutMs = arrival.arrivedMs + limits.holdTimeoutMs
    const endMs = Math.min(timeoutMs, event.deadlineMs ?? timeoutMs)
    const atEnd: Refusal = endMs < timeoutMs ? 'deadline' : 'no-replica'
    let pauseMs = firstPauseMs
    return {
      async wait(onChange, hasReplicas) {
        const leftMs = endMs - now()
        if (leftMs <= 0) return atEnd
        if (held.size >= limits.maxHeld) return 'held-full'
        const restMs = hasReplicas ? pauseMs * (0.5 + random() / 2) : leftMs
        pauseMs = Math.min(pauseMs * 2, longestPauseMs)
        held.add(arrival)
        await firstOf(onChange, Math.min(restMs, leftMs), event.sender)
        held.delete(arrival)
        return event.sender.isGone ? 'cancelled' : undefined
      },
    }
  }

  const oldestHeldMs = () => {
    let oldestMs = Number.POSITIVE_INFINITY
    for (const { arrivedMs } of held) oldestMs = Math.min(oldestMs, arrivedMs)
    return held.size === 0 ? 0 : now() - oldestMs
  }

  return { held: () => held.size, oldestHeldMs, begin }
}

/** Leaves neither a timer nor a listener behind. */
function firstOf(onChange: Subscribe, delayMs: number, sender: Sender): Promise<void> {
  if (sender.isGone) return Promise.resolve()
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      unsubscribe()
      forget()
      resolve()
    }
    const timer = setTimeout(done, delayMs)
    const forget = sender.onGone(done)
    const unsubscribe = onChange(done)
  })
}

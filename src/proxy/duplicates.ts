// Joins a delivery to an earlier one of the same event that has no answer yet, so that the function runs once for both.

import type { Event, EventHandler, Outcome } from '../dapr/event.ts'
import type { Observer } from './observer.ts'

/** An attempt that has taken this long may never end: the event is worth one of its own. Milliseconds. */
const oldestMs = 10_000

interface Earlier {
  readonly startedMs: number
  readonly outcome: Promise<Outcome>
}

export interface DuplicatesParts<Message> {
  readonly handler: EventHandler<Message>
  readonly now: () => number
  readonly observer: Observer
}

/**
 * Redis, for one, delivers an event again while the first delivery is still at work. Only an event of a topic that says who it is
 * can be told from another one.
 */
export function joinDuplicates<Message>({ handler, now, observer }: DuplicatesParts<Message>): EventHandler<Message> {
  const inFlight = new Map<string, Earlier>()

  const lead = (key: string, event: Event<Message>, startedMs: number): Promise<Outcome> => {
    const earlier: Earlier = {
      startedMs,
      outcome: handler(event).finally(() => {
        if (inFlight.get(key) === earlier) inFlight.delete(key)
      }),
    }
    inFlight.set(key, earlier)
    return earlier.outcome
  }

  const handle = async (event: Event<Message>): Promise<Outcome> => {
    const key = keyOf(event)
    if (key === undefined) return handler(event)
    const startedMs = now()
    const earlier = inFlight.get(key)
    if (earlier === undefined || startedMs - earlier.startedMs > oldestMs) return lead(key, event, startedMs)
    const result = await earlier.outcome
    // Whoever sent the first one has left, which says nothing of this one; the others that have joined it may join this one.
    if (result.kind === 'refused' && result.refusal === 'cancelled') return handle(event)
    const outcome: Outcome = result.kind === 'answered' ? { kind: 'joined', verdict: result.verdict } : result
    const { route, identity } = event
    const of = { route, ...(identity && { identity }) }
    observer.delivered({ ...of, outcome, attempts: 0, breaks: 0, startedMs, endedMs: now() })
    return outcome
  }
  return handle
}

/** Undefined if the event cannot be told from another one. */
function keyOf({ route, identity }: Event<unknown>): string | undefined {
  if (route.kind !== 'topic' || route.name === '' || identity === undefined) return undefined
  const { id, source, path } = identity()
  if (id === undefined || id === '' || source === undefined || source === '') return undefined
  return JSON.stringify([route.pubsub, route.topic, path, source, id])
}

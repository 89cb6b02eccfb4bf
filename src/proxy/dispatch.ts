// One event to one replica; to another one if the first certainly did not run it; and held while there is none.

import type { Event, EventHandler, Outcome } from '../dapr/event.ts'
import { type Lease, lease, type Pick } from './balancer.ts'
import type { Hold } from './hold.ts'
import type { Observer } from './observer.ts'
import type { Replica, Replicas } from './replicas.ts'

export interface DispatchParts<Message> {
  readonly replicas: Replicas<Message>
  readonly pick: Pick
  readonly hold: Hold
  readonly observer: Observer
  /** Milliseconds of `performance.now()`. */
  readonly now: () => number
}

export interface Dispatch<Message> {
  readonly handler: EventHandler<Message>
  /** Events in the handler now, held ones included. */
  inFlight(): number
}

/** What a replica answers is the answer. What broke after it was sent is not tried again here: the function may have run. */
export function dispatch<Message>({ replicas, pick, hold, observer, now }: DispatchParts<Message>): Dispatch<Message> {
  let inFlight = 0

  const deliver = async (event: Event<Message>, tried: Tried): Promise<Outcome> => {
    const patience = hold.begin(event)
    const refusing = new Set<Replica<Message>>()
    for (;;) {
      const candidates = replicas.current()
      const chosen = lease(pick, candidates, refusing)
      if (chosen === undefined) {
        const refusal = await patience.wait((listener) => replicas.onChange(listener), candidates.length > 0)
        if (refusal !== undefined) return { kind: 'refused', refusal }
        refusing.clear()
        continue
      }
      tried.attempts += 1
      tried.replica = chosen.replica.address
      const outcome = await sendTo(chosen, event)
      if (outcome.kind !== 'not-run') return outcome
      observer.retried(event.route, 'not-run')
      refusing.add(chosen.replica)
    }
  }

  const handler = async (event: Event<Message>): Promise<Outcome> => {
    const { route, identity } = event
    const tried: Tried = { attempts: 0, replica: undefined }
    const startedMs = now()
    inFlight += 1
    const outcome = await deliver(event, tried).finally(() => {
      inFlight -= 1
    })
    const { attempts, replica } = tried
    observer.delivered({
      route,
      ...(identity && { identity }),
      ...(replica !== undefined && { replica }),
      outcome,
      attempts,
      startedMs,
      endedMs: now(),
    })
    return outcome
  }

  return { handler, inFlight: () => inFlight }
}

async function sendTo<Message>({ replica, release }: Lease<Replica<Message>>, event: Event<Message>): Promise<Outcome> {
  const outcome = await replica.client.send(event).finally(release)
  if (outcome.kind === 'answered') replica.answered += 1
  return outcome
}

interface Tried {
  attempts: number
  replica: string | undefined
}

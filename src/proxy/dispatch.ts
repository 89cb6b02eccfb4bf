// One event to one replica; to another one if the first certainly did not run it; and held while there is none.

import type { EventHandler } from '../dapr/event.ts'
import { lease, type Pick } from './balancer.ts'
import type { Hold } from './hold.ts'
import type { Replica, Replicas } from './replicas.ts'

export interface DispatchParts<Message> {
  readonly replicas: Replicas<Message>
  readonly pick: Pick
  readonly hold: Hold
}

/** What a replica answers is the answer. What broke after it was sent is not tried again here: the function may have run. */
export function dispatch<Message>({ replicas, pick, hold }: DispatchParts<Message>): EventHandler<Message> {
  return async (event) => {
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
      const outcome = await chosen.replica.client.send(event).finally(chosen.release)
      if (outcome.kind === 'answered') chosen.replica.answered += 1
      if (outcome.kind !== 'not-run') return outcome
      refusing.add(chosen.replica)
    }
  }
}

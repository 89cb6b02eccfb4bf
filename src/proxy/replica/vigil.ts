// Gives up what is in flight on a host that has vanished without a word: TCP itself would hope for up to a quarter of an hour.

import type { ReplicaAddress } from '../../dapr/replica.ts'
import type { Time } from '../time.ts'
import type { Reached } from './health.ts'

/** How often it looks, in milliseconds. Rarely: each look is a connection that a stopped process never takes from its queue. */
const lookEveryMs = 5000
/** A replica that has answered nothing for this long is looked at, in milliseconds. */
const quietMs = 10_000
/** Silence of its host for this long, at every look, means that it is gone, in milliseconds. */
const silentMs = 30_000

/** What it has to know of a replica. */
export interface Watched {
  readonly at: ReplicaAddress
  /** When it last answered anything. */
  readonly heardMs: number
  readonly client: { abandon(cause: string): void }
}

export interface VigilParts {
  readonly time: Time
  /** Replicas with something in flight. */
  readonly working: () => readonly Watched[]
  readonly probe: (at: ReplicaAddress) => Promise<Reached>
}

/**
 * A refused connection is a sign of life: a process that leaves in order closes its port first and then finishes its
 * work, and where there is none any more, the kernel of its host breaks the connection. So only silence counts.
 * Returns how to stop it.
 */
export function keepVigil({ time, working, probe }: VigilParts): () => void {
  const silentSince = new WeakMap<Watched, number>()
  let isStopped = false
  let cancel = () => {}

  const look = async (replica: Watched) => {
    const startedMs = time.now()
    if ((await probe(replica.at)) !== 'silent') {
      silentSince.delete(replica)
      return
    }
    const sinceMs = silentSince.get(replica) ?? startedMs
    silentSince.set(replica, sinceMs)
    if (time.now() - sinceMs < silentMs) return
    silentSince.delete(replica)
    replica.client.abandon(`its host has been silent for ${silentMs / 1000} s`)
  }

  const lookAround = async () => {
    const nowMs = time.now()
    const quiet = working().filter(({ heardMs }) => nowMs - heardMs >= quietMs)
    await Promise.all(quiet.map(look))
    if (!isStopped) cancel = time.after(lookEveryMs, lookAround)
  }
  cancel = time.after(lookEveryMs, lookAround)

  return () => {
    isStopped = true
    cancel()
  }
}

// What every way of discovery has in common: how it is stopped, and how it tells what it found.

import type { ReplicaAddress } from '../../dapr/replica.ts'

export interface Discovery {
  /** Resolves once the first definite answer is in. */
  readonly ready: Promise<void>
  stop(): void
}

/** Is told the whole set each time it may have changed. */
export type OnReplicas = (replicas: readonly ReplicaAddress[]) => void

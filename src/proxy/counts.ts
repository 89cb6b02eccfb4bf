// What is counted, and what is read when somebody asks for the numbers.

import type { Route } from '../dapr/event.ts'
import type { LossCause } from './losses.ts'
import type { RetryCause } from './observer.ts'
import type { Result } from './result.ts'

/** A replica as the pages and the metrics show it. What the core does not know of it is left out. */
export interface ReplicaView {
  /** `host:port` */
  readonly address: string
  /** Events that it works on now. */
  readonly inFlight: number
  /** Events that it has answered. */
  readonly answered: number
  /** What the balancer takes for its latency, in milliseconds. */
  readonly latencyMs?: number
  /** Default: ready. One of a few words of the core. */
  readonly state?: string
}

/** What is read when somebody asks. */
export interface Sources {
  /** Events in the proxy now, held ones included. */
  readonly inFlight: () => number
  readonly held: () => number
  /** 0 if nothing is held. */
  readonly oldestHeldMs: () => number
  readonly bufferedBytes: () => number
  readonly replicas: () => readonly ReplicaView[]
}

/** The events of one route that ended in one way. */
export interface Series {
  count: number
  /** One for each bound, and one for what is above all of them. */
  readonly buckets: Float64Array
  sumSeconds: number
}

/** The counts of one route. */
export interface RouteCounts {
  readonly route: Route
  readonly series: Map<Result, Series>
  readonly retries: Record<RetryCause, number>
  readonly lost: Record<LossCause, number>
  /** Exchanges that broke after the event was sent: the function may have run it, and it is delivered again. */
  possibleDuplicates: number
}

export interface ReplicaChanges {
  readonly ejections: number
  readonly readmissions: number
}

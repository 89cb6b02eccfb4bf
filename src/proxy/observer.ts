// What the core tells about its work, as it happens. Metrics, the log and the admin pages listen.

import type { Identity, Outcome, Route } from '../dapr/event.ts'

/** The whole story of one event, told once, when it is over. Times are in milliseconds of `performance.now()`. */
export interface Delivery {
  readonly route: Route
  readonly identity?: (() => Identity) | undefined
  readonly outcome: Outcome
  /** The replica that answered or broke off last, as `host:port`; absent if the event never left. */
  readonly replica?: string | undefined
  /** Replicas that were tried. */
  readonly attempts: number
  /** Connections that broke while a replica had it: each time a function may have run. */
  readonly breaks: number
  readonly startedMs: number
  readonly endedMs: number
}

/** `broken`: the function may have run before, so a duplicate is possible. */
export type RetryCause = 'not-run' | 'broken'

export interface Observer {
  delivered(delivery: Delivery): void
  /** An event goes to another replica. */
  retried(route: Route, cause: RetryCause): void
  /** A replica gets no events for a while. */
  ejected(replica: string, cause: string): void
  /** It is back. */
  readmitted(replica: string): void
}

export const silentObserver: Observer = { delivered() {}, retried() {}, ejected() {}, readmitted() {} }

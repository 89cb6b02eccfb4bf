// What a run needs of its sidecars, be they embedded or real.

import type { RunningChild } from './processes/child-process.ts'
import type { ApiPorts } from './sidecar/api/listen.ts'
import type { Counts } from './sidecar/broker/tally.ts'
import type { App } from './sidecar/sidecar.ts'

export interface SidecarNumbers {
  readonly counts: Counts
  readonly p50Ms: number | undefined
  readonly p99Ms: number | undefined
  /** Acknowledged events by the address they went to. */
  readonly deliveredTo: ReadonlyMap<string, number>
}

export interface Sidecars {
  /** Starts one sidecar for each app, and resolves to the ports of their APIs, by app-id. */
  start(apps: readonly App[]): Promise<ReadonlyMap<string, ApiPorts>>
  /** Waits until every app has been asked what it wants to hear of. False if `signal` came first. */
  connect(signal: AbortSignal): Promise<boolean>
  /** Starts what makes events by itself: cron, and `rate` events a second into each other input. */
  produce(rate: number): void
  /** Makes no more events, and waits until none is under way or `signal` is aborted. */
  drain(signal: AbortSignal): Promise<void>
  /** Cuts the connections to the apps. */
  disconnect(): Promise<void>
  close(): Promise<void>
  /** By app-id; undefined where only the proxy knows. */
  numbers(appId: string): SidecarNumbers | undefined
  /** Processes to watch. */
  readonly children: readonly RunningChild[]
}

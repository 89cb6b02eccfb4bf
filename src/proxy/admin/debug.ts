// What the proxy is doing, as JSON: its replicas, its last deliveries, and the numbers of the page. Never a payload, never a secret.

import type { RouteCounts, Sources } from '../counts.ts'
import type { Observation } from '../observation.ts'
import { type DeliveryRecord, maxDeliveries } from './deliveries.ts'

export interface DebugParts {
  readonly name: string
  readonly sources: Sources
  readonly observation: Observation
}

/** One entry of `/debug/replicas`. */
export interface ReplicaRecord {
  readonly address: string
  readonly state: string
  readonly inFlight: number
  /** Since the proxy knows it. */
  readonly answered: number
  /** Of the last 1,000 deliveries, from 0 to 1. */
  readonly share: number
  /** What the balancer takes for it; null while nothing is known. */
  readonly latencyMs: number | null
  /** Events that failed on it, by its own word or with its connection. */
  readonly failures: number
}

export interface RouteRecord {
  readonly route: string
  readonly kind: string
  /** Since the start, by outcome; those that never happened are left out. */
  readonly outcomes: Readonly<Record<string, number>>
  readonly wouldBeLost: number
  readonly possibleDuplicates: number
}

export interface Summary {
  readonly function: string
  /** RFC 3339 */
  readonly now: string
  readonly uptimeSeconds: number
  readonly inFlight: number
  readonly held: number
  readonly oldestHeldSeconds: number
  readonly bufferedBytes: number
  readonly ejections: number
  /** How long one turn of the event loop takes now. */
  readonly eventLoopLagMs: number
  /** Of the last deliveries. */
  readonly latency: { readonly events: number; readonly p50Ms: number; readonly p99Ms: number }
  readonly routes: readonly RouteRecord[]
}

/** Entries of one answer at most. */
const maxReplicas = 1000
const maxRoutes = 1000

export interface Debug {
  replicas(): { readonly known: number; readonly replicas: readonly ReplicaRecord[] }
  /** `limit` and `failed` of the query, as they were given. */
  events(query: URLSearchParams): { readonly events: readonly DeliveryRecord[] }
  summary(): Promise<Summary>
}

export function createDebug({ name, sources, observation }: DebugParts): Debug {
  const { metrics, deliveries } = observation
  return {
    replicas() {
      const all = sources.replicas()
      const { byReplica } = deliveries.recent()
      const total = [...byReplica.values()].reduce((sum, count) => sum + count, 0)
      const replicas = all.slice(0, maxReplicas).map(({ address, state = 'ready', inFlight, answered, latencyMs }) => ({
        address,
        state,
        inFlight,
        answered,
        share: total === 0 ? 0 : (byReplica.get(address) ?? 0) / total,
        latencyMs: latencyMs === undefined ? null : Math.round(latencyMs * 100) / 100,
        failures: observation.failuresOf(address),
      }))
      return { known: all.length, replicas }
    },

    events(query) {
      const limit = limitOf(query.get('limit'))
      return { events: query.has('failed') ? deliveries.failed(limit) : deliveries.all(limit) }
    },

    async summary() {
      const eventLoopLagMs = await oneTurnMs()
      const { count, p50Ms, p99Ms } = deliveries.recent()
      return {
        function: name,
        now: new Date().toISOString(),
        uptimeSeconds: Math.round(performance.now() / 1000),
        inFlight: sources.inFlight(),
        held: sources.held(),
        oldestHeldSeconds: Math.round(sources.oldestHeldMs()) / 1000,
        bufferedBytes: sources.bufferedBytes(),
        ejections: metrics.replicaChanges().ejections,
        eventLoopLagMs,
        latency: { events: count, p50Ms, p99Ms },
        routes: [...metrics.routes()].slice(0, maxRoutes).map(routeRecord),
      }
    },
  }
}

function routeRecord({ route, series, lost, possibleDuplicates }: RouteCounts): RouteRecord {
  const happened = [...series]
    .filter(([, { count }]) => count > 0)
    .map(([result, { count }]) => [result, count] as const)
  const wouldBeLost = Object.values(lost).reduce((sum, count) => sum + count, 0)
  return {
    route: route.name,
    kind: route.kind,
    outcomes: Object.fromEntries(happened),
    wouldBeLost,
    possibleDuplicates,
  }
}

/** From 1 to all that there are; anything else is all. */
function limitOf(text: string | null): number {
  const limit = Number(text ?? maxDeliveries)
  return Number.isInteger(limit) && limit >= 1 && limit <= maxDeliveries ? limit : maxDeliveries
}

async function oneTurnMs(): Promise<number> {
  const startedMs = performance.now()
  await new Promise((resolve) => setImmediate(resolve))
  return Math.round((performance.now() - startedMs) * 100) / 100
}

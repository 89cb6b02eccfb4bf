// The numbers in the text form of Prometheus.

import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { ReplicaChanges, ReplicaView, RouteCounts, Sources } from './counts.ts'

export interface ExpositionSources extends Sources {
  readonly routes: () => Iterable<RouteCounts>
  readonly replicaChanges: () => ReplicaChanges
}

export interface Exposition {
  text(): Promise<string>
  readonly contentType: string
}

/** Replicas that have a series of their own. More of them are counted by route alone. */
const maxReplicaSeries = 200

/** States that always have a series, so that a sum or an alert never meets a gap. `ready` stands first. */
const usualStates = ['ready', 'unreachable', 'ejected', 'trial']

/** `bounds` are the upper bounds of the buckets of each series, in seconds. */
export function createExposition(bounds: readonly number[], sources: ExpositionSources): Exposition {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  addGauges(registry, sources)
  addRouteCounters(registry, sources.routes)
  addReplicaMetrics(registry, sources)
  return {
    text: async () => `${await registry.metrics()}${histogramText(bounds, sources.routes())}`,
    contentType: registry.contentType,
  }
}

function addGauges(registry: Registry, sources: ExpositionSources): void {
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name: `dapr_proxy_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(read())
      },
    })
  gauge('in_flight', 'Events that wait for an answer of the function, held ones included', sources.inFlight)
  gauge('held', 'Events that wait for a replica', sources.held)
  gauge(
    'oldest_held_seconds',
    'How long the oldest held event waits; 0 if none does',
    () => sources.oldestHeldMs() / 1000,
  )
  gauge('buffered_bytes', 'Bytes of all events that are buffered', sources.bufferedBytes)
}

type Labels = Readonly<Record<string, string>>

/** A counter that is counted elsewhere and filled in when it is asked for. */
function counter(
  registry: Registry,
  { name, help, labelNames = [] }: { name: string; help: string; labelNames?: readonly string[] },
  fill: (add: (labels: Labels, value: number) => void) => void,
): void {
  new Counter({
    name: `dapr_proxy_${name}`,
    help,
    labelNames: [...labelNames],
    registers: [registry],
    collect() {
      this.reset()
      fill((labels, value) => this.inc(labels, value))
    },
  })
}

function addRouteCounters(registry: Registry, routes: () => Iterable<RouteCounts>): void {
  const perRoute = (
    name: string,
    help: string,
    label: string | undefined,
    read: (counts: RouteCounts) => Iterable<readonly [value: string, count: number]>,
  ) =>
    counter(registry, { name, help, labelNames: ['route', 'kind', ...(label ? [label] : [])] }, (add) => {
      for (const counts of routes()) {
        const { name: route, kind } = counts.route
        for (const [value, count] of read(counts)) add({ route, kind, ...(label && { [label]: value }) }, count)
      }
    })
  perRoute('events_total', 'Events by route and by what came of them', 'outcome', ({ series }) =>
    [...series].map(([result, { count }]) => [result, count] as const),
  )
  perRoute(
    'would_be_lost_total',
    'Answers after which the component drops the event, unless (but for no-such-route) a Resiliency has daprd deliver it again',
    'cause',
    ({ lost }) => Object.entries(lost),
  )
  perRoute('retries_total', 'Events that went to another replica', 'cause', ({ retries }) => Object.entries(retries))
  perRoute(
    'possible_duplicates_total',
    'Events that the function may have run before they are delivered again: the connection broke before the answer',
    undefined,
    ({ possibleDuplicates }) => [['', possibleDuplicates]],
  )
}

function addReplicaMetrics(registry: Registry, { replicas, replicaChanges }: ExpositionSources): void {
  new Gauge({
    name: 'dapr_proxy_replicas',
    help: 'Replicas of the function that are known, by state',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      this.reset()
      for (const [state, count] of byState(replicas())) this.set({ state }, count)
    },
  })
  counter(registry, { name: 'ejections_total', help: 'Replicas that were left without events for a while' }, (add) =>
    add({}, replicaChanges().ejections),
  )
  counter(registry, { name: 'readmissions_total', help: 'Replicas that got events again' }, (add) =>
    add({}, replicaChanges().readmissions),
  )
  counter(
    registry,
    {
      name: 'replica_events_total',
      help: `Events that a replica has answered, for the first ${maxReplicaSeries} that are known now`,
      labelNames: ['replica'],
    },
    (add) => {
      for (const { address, answered } of replicas().slice(0, maxReplicaSeries)) add({ replica: address }, answered)
    },
  )
}

export function byState(replicas: readonly ReplicaView[]): ReadonlyMap<string, number> {
  const counts = new Map(usualStates.map((state) => [state, 0]))
  for (const { state = 'ready' } of replicas) counts.set(state, (counts.get(state) ?? 0) + 1)
  return counts
}

/** prom-client's histogram can only observe, one value at a time; ours is counted already. */
function histogramText(bounds: readonly number[], all: Iterable<RouteCounts>): string {
  const name = 'dapr_proxy_event_duration_seconds'
  const lines = [`# HELP ${name} From the arrival of an event to its answer`, `# TYPE ${name} histogram`]
  for (const { route, series } of all) {
    for (const [result, { buckets, sumSeconds, count }] of series) {
      // Seventeen lines each: only for what has happened, but for success, which a dashboard always asks for.
      if (count === 0 && result !== 'success') continue
      const labels = `route=${quoted(route.name)},kind="${route.kind}",outcome="${result}"`
      let total = 0
      for (const [index, value] of buckets.entries()) {
        total += value
        lines.push(`${name}_bucket{${labels},le="${bounds[index] ?? '+Inf'}"} ${total}`)
      }
      lines.push(`${name}_sum{${labels}} ${sumSeconds}`, `${name}_count{${labels}} ${total}`)
    }
  }
  return `${lines.join('\n')}\n`
}

function quoted(label: string): string {
  return `"${label.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`
}

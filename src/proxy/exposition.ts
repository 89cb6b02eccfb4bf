// The numbers in the text form of Prometheus.

import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { Series, Sources } from './metrics.ts'

export interface ExpositionSources extends Sources {
  readonly inFlight: () => number
  readonly series: () => Iterable<Series>
}

export interface Exposition {
  text(): Promise<string>
  readonly contentType: string
}

/** `bounds` are the upper bounds of the buckets of each series, in seconds. */
export function createExposition(bounds: readonly number[], sources: ExpositionSources): Exposition {
  const registry = createRegistry(sources)
  return {
    text: async () => `${await registry.metrics()}${histogramText(bounds, sources.series())}`,
    contentType: registry.contentType,
  }
}

function createRegistry(sources: ExpositionSources): Registry {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  new Counter({
    name: 'dapr_proxy_events_total',
    help: 'Events by route and by what came of them',
    labelNames: ['route', 'kind', 'outcome'],
    registers,
    collect() {
      this.reset()
      for (const { route, counts } of sources.series()) {
        for (const [outcome, value] of counts) this.inc({ route: route.name, kind: route.kind, outcome }, value)
      }
    },
  })
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read())
      },
    })
  gauge('dapr_proxy_in_flight', 'Events that wait for an answer of the function, held ones included', sources.inFlight)
  gauge('dapr_proxy_held', 'Events that wait for a replica', sources.held)
  gauge('dapr_proxy_buffered_bytes', 'Bytes of all events that are buffered', sources.bufferedBytes)
  gauge('dapr_proxy_replicas', 'Replicas of the function that are known', () => sources.replicas().length)
  new Counter({
    name: 'dapr_proxy_replica_events_total',
    help: 'Events that a replica has answered, for the replicas that are known now',
    labelNames: ['replica'],
    registers,
    collect() {
      this.reset()
      for (const { address, answered } of sources.replicas()) this.inc({ replica: address }, answered)
    },
  })
  return registry
}

/** prom-client's histogram can only observe, one value at a time; ours is counted already. */
function histogramText(bounds: readonly number[], all: Iterable<Series>): string {
  const name = 'dapr_proxy_event_duration_seconds'
  const lines = [`# HELP ${name} From the arrival of an event to its answer`, `# TYPE ${name} histogram`]
  for (const { route, buckets, sumSeconds } of all) {
    const labels = `route=${quoted(route.name)},kind="${route.kind}"`
    let total = 0
    for (const [index, value] of buckets.entries()) {
      total += value
      lines.push(`${name}_bucket{${labels},le="${bounds[index] ?? '+Inf'}"} ${total}`)
    }
    lines.push(`${name}_sum{${labels}} ${sumSeconds}`, `${name}_count{${labels}} ${total}`)
  }
  return `${lines.join('\n')}\n`
}

function quoted(label: string): string {
  return `"${label.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`
}

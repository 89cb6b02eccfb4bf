// What an operator sees: plain numbers on the path of an event, put into Prometheus' form when they are asked for.

import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { Event, EventHandler, Outcome, Refusal, Route } from '../dapr/event.ts'

/** What came of an event: what the function said, or why the proxy gave it back. Each a value of the label `outcome`. */
export type Result = 'success' | 'retry' | 'drop' | 'failed' | 'broken' | Refusal

/** What the metrics read when they are asked for. */
export interface Sources {
  readonly held: () => number
  readonly bufferedBytes: () => number
  readonly replicas: () => readonly { readonly address: string; readonly inFlight: number; readonly answered: number }[]
}

/** Upper bounds in seconds: from one hop on loopback to the hold timeout and beyond. */
const bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

interface Series {
  readonly route: Route
  readonly counts: Map<Result, number>
  readonly buckets: Float64Array
  sumSeconds: number
}

export interface Metrics {
  /** Wraps a handler so that each event is counted and timed. */
  measured<Message, Reply>(handler: EventHandler<Message, Reply>): EventHandler<Message, Reply>
  /** Counts an event that never reached the handler. */
  refused(route: Route, refusal: Refusal): void
  /** Events in the handler now, held ones included. */
  inFlight(): number
  /** The text of `/metrics`. */
  text(): Promise<string>
  readonly contentType: string
}

export function createMetrics(sources: Sources, now = () => performance.now()): Metrics {
  // By the route object: routes are made once, from FUNC_CONTEXT.
  const series = new Map<Route, Series>()
  let inFlight = 0

  const seriesOf = (route: Route): Series => {
    let found = series.get(route)
    if (found === undefined) {
      found = { route, counts: new Map(), buckets: new Float64Array(bounds.length + 1), sumSeconds: 0 }
      series.set(route, found)
    }
    return found
  }

  const count = (route: Route, result: Result): Series => {
    const found = seriesOf(route)
    found.counts.set(result, (found.counts.get(result) ?? 0) + 1)
    return found
  }

  const measured = <Message, Reply>(handler: EventHandler<Message, Reply>): EventHandler<Message, Reply> => {
    return async (event: Event<Message>) => {
      const startedMs = now()
      inFlight += 1
      const outcome = await handler(event)
      inFlight -= 1
      const seconds = (now() - startedMs) / 1000
      const found = count(event.route, resultOf(outcome))
      const bucket = bounds.findIndex((bound) => seconds <= bound)
      const index = bucket === -1 ? bounds.length : bucket
      found.buckets[index] = (found.buckets[index] ?? 0) + 1
      found.sumSeconds += seconds
      return outcome
    }
  }

  const registry = createRegistry(series, { ...sources, inFlight: () => inFlight })
  return {
    measured,
    refused: (route, refusal) => {
      count(route, refusal)
    },
    inFlight: () => inFlight,
    text: async () => `${await registry.metrics()}${histogramText(series.values())}`,
    contentType: registry.contentType,
  }
}

function resultOf(outcome: Outcome<unknown>): Result {
  switch (outcome.kind) {
    case 'answered':
      return outcome.verdict
    case 'refused':
      return outcome.refusal
    case 'not-run':
    case 'broken':
      return 'broken'
  }
}

function createRegistry(
  series: ReadonlyMap<Route, Series>,
  sources: Sources & { readonly inFlight: () => number },
): Registry {
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
      for (const { route, counts } of series.values()) {
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
function histogramText(all: Iterable<Series>): string {
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

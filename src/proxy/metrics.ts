// What an operator counts: plain numbers on the path of an event, put into Prometheus' form when they are asked for.

import type { Route } from '../dapr/event.ts'
import type { ReplicaChanges, RouteCounts, Series, Sources } from './counts.ts'
import type { Exposition } from './exposition.ts'
import { type LossCause, lossCauses } from './losses.ts'
import type { Delivery, RetryCause } from './observer.ts'
import { type Result, results } from './result.ts'

/** Upper bounds in seconds: from one hop on loopback to the hold timeout and beyond. */
const bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] as const

export interface Metrics {
  delivered(delivery: Delivery, result: Result, loss: LossCause | undefined): void
  retried(route: Route, cause: RetryCause): void
  ejected(): void
  readmitted(): void
  readonly routes: () => Iterable<RouteCounts>
  readonly replicaChanges: () => ReplicaChanges
  /** The answer to `/metrics`. */
  exposition(): Promise<{ readonly text: string; readonly contentType: string }>
}

/** Counts of the `declared` routes are there from the start: Prometheus sees no increase in a counter that is born with 1. */
export function createMetrics(sources: Sources, declared: readonly Route[]): Metrics {
  // By the route object, which is made once; and by its labels, where the same route was made twice.
  const counts = new Map<Route, RouteCounts>()
  const byLabels = new Map<string, RouteCounts>()
  let ejections = 0
  let readmissions = 0

  const countsOf = (route: Route): RouteCounts => {
    let found = counts.get(route)
    if (found === undefined) {
      const labels = `${route.kind} ${route.name}`
      found = byLabels.get(labels) ?? newCounts(route)
      byLabels.set(labels, found)
      counts.set(route, found)
    }
    return found
  }
  for (const route of declared) countsOf(route)

  const metrics = {
    delivered({ route, breaks, startedMs, endedMs }: Delivery, result: Result, loss: LossCause | undefined) {
      const of = countsOf(route)
      const series = of.series.get(result) as Series
      const seconds = (endedMs - startedMs) / 1000
      let bucket = 0
      while (seconds > (bounds[bucket] ?? Number.POSITIVE_INFINITY)) bucket += 1
      series.count += 1
      series.buckets[bucket] = (series.buckets[bucket] ?? 0) + 1
      series.sumSeconds += seconds
      if (loss !== undefined) of.lost[loss] += 1
      // Nobody delivers an invocation again.
      if (route.kind !== 'invoke') of.possibleDuplicates += breaks
    },
    retried(route: Route, cause: RetryCause) {
      countsOf(route).retries[cause] += 1
    },
    ejected() {
      ejections += 1
    },
    readmitted() {
      readmissions += 1
    },
    routes: () => byLabels.values(),
    replicaChanges: () => ({ ejections, readmissions }),
  }

  let exposition: Promise<Exposition> | undefined
  return {
    ...metrics,
    async exposition() {
      // Nobody may ever ask, and prom-client costs a third of the start time and 9 MiB.
      exposition ??= import('./exposition.ts').then(({ createExposition }) =>
        createExposition(bounds, { ...sources, routes: metrics.routes, replicaChanges: metrics.replicaChanges }),
      )
      const { text, contentType } = await exposition
      return { text: await text(), contentType }
    },
  }
}

function newCounts(route: Route): RouteCounts {
  const series = () => ({ count: 0, buckets: new Float64Array(bounds.length + 1), sumSeconds: 0 })
  return {
    route,
    series: new Map(results.map((result) => [result, series()])),
    retries: { 'not-run': 0, broken: 0 },
    lost: Object.fromEntries(lossCauses.map((cause) => [cause, 0])) as Record<LossCause, number>,
    possibleDuplicates: 0,
  }
}

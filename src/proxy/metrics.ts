// What an operator sees: plain numbers on the path of an event, put into Prometheus' form when they are asked for.

import type { Event, EventHandler, Outcome, Refusal, Route } from '../dapr/event.ts'
import type { Exposition } from './exposition.ts'

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

/** The counts of one route. */
export interface Series {
  readonly route: Route
  readonly counts: Map<Result, number>
  /** One for each bound, and one for what is above all of them. */
  readonly buckets: Float64Array
  sumSeconds: number
}

export interface Metrics {
  /** Wraps a handler so that each event is counted and timed. */
  measured<Message>(handler: EventHandler<Message>): EventHandler<Message>
  /** Counts an event that never reached the handler. */
  refused(route: Route, refusal: Refusal): void
  /** Events in the handler now, held ones included. */
  inFlight(): number
  /** The answer to `/metrics`. */
  exposition(): Promise<{ readonly text: string; readonly contentType: string }>
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

  const measured = <Message>(handler: EventHandler<Message>): EventHandler<Message> => {
    return async (event: Event<Message>) => {
      const startedMs = now()
      inFlight += 1
      const outcome = await handler(event).finally(() => {
        inFlight -= 1
      })
      const seconds = (now() - startedMs) / 1000
      const found = count(event.route, resultOf(outcome))
      const bucket = bounds.findIndex((bound) => seconds <= bound)
      const index = bucket === -1 ? bounds.length : bucket
      found.buckets[index] = (found.buckets[index] ?? 0) + 1
      found.sumSeconds += seconds
      return outcome
    }
  }

  let exposition: Promise<Exposition> | undefined
  return {
    measured,
    refused: (route, refusal) => {
      count(route, refusal)
    },
    inFlight: () => inFlight,
    async exposition() {
      // Nobody may ever ask, and prom-client costs a third of the start time and 9 MiB.
      exposition ??= import('./exposition.ts').then(({ createExposition }) =>
        createExposition(bounds, { ...sources, inFlight: () => inFlight, series: () => series.values() }),
      )
      const { text, contentType } = await exposition
      return { text: await text(), contentType }
    },
  }
}

function resultOf(outcome: Outcome): Result {
  switch (outcome.kind) {
    case 'answered':
    case 'joined':
      return outcome.verdict
    case 'refused':
      return outcome.refusal
    case 'not-run':
    case 'broken':
      return 'broken'
  }
}

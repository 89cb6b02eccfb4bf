// All that listens to the core, behind the one interface that the core calls: metrics, the last deliveries, the log.

import type { Outcome, Refusal, Route } from '../dapr/event.ts'
import type { FuncContext } from '../shared/func-context.ts'
import type { Fields, Log } from '../shared/log.ts'
import { createDeliveries, type Deliveries } from './admin/deliveries.ts'
import { createFailureLog, plainCause } from './admin/failure-log.ts'
import type { Sources } from './counts.ts'
import { createLosses } from './losses.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import type { Delivery, Observer } from './observer.ts'
import { isDone, resultOf } from './result.ts'

export interface ObservationParts {
  readonly sources: Sources
  /** The Function, as far as it is known: what its components do with an event that failed depends on their types. */
  readonly context: FuncContext | undefined
  /** Routes that are counted from the start. */
  readonly routes: readonly Route[]
  readonly log: Log
}

export interface Observation extends Observer {
  /** An event that the server gave back itself, before it reached the core. */
  refused(route: Route, refusal: Refusal): void
  /** A replica takes connections, but not over TLS as it should: it gets no events. */
  noHandshake(replica: string, cause: string): void
  readonly metrics: Metrics
  readonly deliveries: Deliveries
  /** Events that failed on a replica, by its address. */
  failuresOf(address: string): number
  /** Writes to the log what it has not said yet. */
  flush(): void
}

/** Replicas whose failures are counted, so that addresses that came and went are forgotten. */
const maxFailingReplicas = 1000

export function createObservation({ sources, context, routes, log }: ObservationParts): Observation {
  const now = () => performance.now()
  const metrics = createMetrics(sources, routes)
  const deliveries = createDeliveries(now, performance.timeOrigin)
  const failureLog = createFailureLog(log)
  const lossOf = createLosses(context)
  const failures = new Map<string, number>()

  const addFailure = (replica: string) => {
    failures.set(replica, (failures.get(replica) ?? 0) + 1)
    if (failures.size > maxFailingReplicas) failures.delete(failures.keys().next().value as string)
  }

  const delivered = (delivery: Delivery) => {
    const { route, outcome, replica } = delivery
    const result = resultOf(outcome)
    const isFailure = !isDone(result)
    const loss = isFailure ? lossOf(route, result) : undefined
    metrics.delivered(delivery, result, loss)
    deliveries.add(delivery, result, isFailure)
    if (!isFailure) return
    if (replica !== undefined && result !== 'cancelled') addFailure(replica)
    const fields = () => fieldsOf(delivery)
    failureLog.add(result, result === 'cancelled' ? 'info' : 'warn', fields)
    if (loss !== undefined) failureLog.add(`would be lost: ${loss}`, 'error', fields)
  }

  return {
    metrics,
    deliveries,
    delivered,
    failuresOf: (address) => failures.get(address) ?? 0,
    flush: () => failureLog.flush(),
    refused(route, refusal) {
      const nowMs = now()
      delivered({
        route,
        outcome: { kind: 'refused', refusal },
        attempts: 0,
        breaks: 0,
        startedMs: nowMs,
        endedMs: nowMs,
      })
    },
    noHandshake(replica, cause) {
      failureLog.add('no TLS handshake', 'warn', () => ({ replica, cause: plainCause(cause) }))
    },
    retried(route, cause) {
      metrics.retried(route, cause)
      failureLog.add(`retried: ${cause}`, 'info', () => ({ kind: route.kind, route: route.name }))
    },
    ejected(replica, cause) {
      metrics.ejected()
      failureLog.add('ejected', 'warn', () => ({ replica, cause: plainCause(cause) }))
    },
    readmitted(replica) {
      metrics.readmitted()
      failureLog.add('readmitted', 'info', () => ({ replica }))
    },
  }
}

function fieldsOf({ route, replica, attempts, outcome }: Delivery): Fields {
  const cause = causeOf(outcome)
  return {
    kind: route.kind,
    route: route.name,
    ...(replica !== undefined && { replica }),
    attempts,
    ...(cause !== undefined && { cause: plainCause(cause) }),
  }
}

const causeOf = (outcome: Outcome): string | undefined => ('cause' in outcome ? outcome.cause : undefined)

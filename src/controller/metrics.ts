// What the webhook tells Prometheus. No name of a user ever becomes a label.

import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client'
import type { Problem } from '../shared/func-context.ts'
import type { HookName } from './hooks.ts'

/** `accepted`, `invalid`: an answer was given. `unchanged`: 304. `refused`: 4xx. `failed`: a fault of ours. */
export type Outcome = 'accepted' | 'invalid' | 'unchanged' | 'refused' | 'failed'

export interface Metrics {
  readonly registry: Registry
  answered(hook: HookName | 'none', outcome: Outcome, seconds: number): void
  children(kinds: readonly string[]): void
  rejected(problems: readonly Problem[]): void
}

export function createMetrics(): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const duration = new Histogram({
    name: 'dapr_proxy_sync_duration_seconds',
    help: 'Time to answer a request of Metacontroller, by hook and outcome.',
    labelNames: ['hook', 'outcome'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
    registers,
  })
  const children = new Counter({
    name: 'dapr_proxy_children_total',
    help: 'Children in answers, by kind.',
    labelNames: ['kind'],
    registers,
  })
  const rejected = new Counter({
    name: 'dapr_proxy_rejected_functions_total',
    help: 'Answers about invalid Functions, by the part of the spec that is wrong.',
    labelNames: ['reason'],
    registers,
  })
  return {
    registry,
    answered: (hook, outcome, seconds) => duration.observe({ hook, outcome }, seconds),
    children: (kinds) => {
      for (const kind of kinds) children.inc({ kind })
    },
    rejected: (problems) => {
      for (const reason of new Set(problems.map(reasonOf))) rejected.inc({ reason })
    },
  }
}

const parts = ['template', 'annotations', 'labels', 'inputs', 'outputs', 'bindings', 'pubsub', 'states', 'scaleOptions']

/** A word of a fixed list, whatever the user wrote. */
function reasonOf({ field }: Problem): string {
  const [, , third = ''] = field.split(/[.[\]]+/)
  if (field.startsWith('metadata')) return 'metadata'
  return field.startsWith('spec.serving') && parts.includes(third) ? third : 'spec'
}

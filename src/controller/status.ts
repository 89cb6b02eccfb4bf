// The status of a Function, from the observed children alone. It holds no clock, so it settles.

import type { Problem } from '../shared/func-context.ts'
import type { KubeObject } from '../shared/k8s.ts'
import { availability, type Condition, condition } from './availability.ts'
import { find } from './cluster.ts'
import type { Guarantee } from './delivery/delivery.ts'
import type { Fn, FunctionSpec, Mode, TextMap } from './function.ts'
import { serviceHost, workloadName } from './names.ts'
import { scalingOf } from './scaling.ts'
import type { Settings } from './settings.ts'

/** The spec that children are made from, kept so that they survive a later spec that is rejected. */
export interface Accepted {
  readonly generation: number
  readonly spec: FunctionSpec
  /** The annotations of the Function that its children follow from. */
  readonly annotations?: TextMap
}

export interface FunctionStatus {
  readonly accepted?: Accepted
  readonly conditions: readonly Condition[]
  readonly addresses?: readonly { readonly type: 'Internal'; readonly value: string }[]
  readonly serving: { readonly state: 'Running' | 'Starting' | 'Failed' | 'Skipped'; readonly mode?: Mode }
}

/** All that a status follows from. */
export interface Facts {
  /** The Function whose children were rendered; undefined if it was never accepted. */
  readonly fn: Fn | undefined
  readonly accepted: Accepted | undefined
  /** Problems of the spec as it is now. */
  readonly problems: readonly Problem[]
  readonly leftOut: readonly string[]
  readonly observed: readonly KubeObject[]
  readonly guarantees: readonly Guarantee[]
}

export function functionStatus(facts: Facts, settings: Settings): FunctionStatus {
  const { fn, accepted } = facts
  const parts = fn ? available(fn, facts.observed) : []
  const judgement = acceptedCondition(facts)
  const address = fn?.isServed ? [{ type: 'Internal' as const, value: addressOf(fn, settings) }] : undefined
  return {
    ...(accepted && { accepted }),
    conditions: [
      judgement,
      ready([judgement, ...parts], fn),
      ...parts,
      ...(fn ? [complete(facts), ...delivery(facts, fn)] : []),
    ],
    ...(address && { addresses: address }),
    serving: { state: state(fn, parts), ...(fn?.isServed && { mode: fn.mode }) },
  }
}

function acceptedCondition({ problems, accepted }: Facts): Condition {
  if (problems.length === 0) return condition('Accepted', true, 'Accepted', 'every field is valid')
  const fields = problems.map(({ field, message }) => `${field} ${message}`).join('; ')
  const kept = accepted ? `children stay as of generation ${accepted.generation}` : 'there are no children'
  return condition('Accepted', false, 'Invalid', `${kept}; ${fields}`)
}

function available(fn: Fn, observed: readonly KubeObject[]): Condition[] {
  if (!fn.isServed) return []
  const { workload } = scalingOf(fn)
  const kind = workload === 'Job' ? 'ScaledJob' : workload
  const [own, proxy] = [workloadName(fn, 'function'), workloadName(fn, 'proxy')]
  const parts = [availability('FunctionAvailable', `${kind} ${own}`, find(observed, kind, own))]
  if (fn.mode === 'standalone') {
    parts.push(availability('ProxyAvailable', `Deployment ${proxy}`, find(observed, 'Deployment', proxy)))
  }
  return parts
}

function ready(judged: readonly Condition[], fn: Fn | undefined): Condition {
  const failed = judged.find(({ status }) => status !== 'True')
  if (failed) return condition('Ready', false, failed.reason, `see ${failed.type}`)
  if (!fn?.isServed) return condition('Ready', false, 'Skipped', 'spec.serving is missing, so nothing is served')
  return condition('Ready', true, 'Ready', 'the Function is served')
}

function complete({ leftOut }: Facts): Condition {
  if (leftOut.length === 0)
    return condition('Complete', true, 'Complete', 'every field is honoured, every child wanted')
  return condition('Complete', false, 'LeftOut', `without effect: ${leftOut.join(', ')}`)
}

/** Of all inputs together: as good as the worst of them. */
function delivery({ guarantees }: Facts, fn: Fn): Condition[] {
  if (guarantees.length === 0 || fn.mode === 'none') return []
  const has = (kind: Guarantee['kind']) => guarantees.some((each) => each.kind === kind)
  const message = guarantees.map(({ field, kind, why }) => `${field} ${kind}${why ? ` (${why})` : ''}`).join('; ')
  const [status, reason] = has('lossy')
    ? (['False', 'Lossy'] as const)
    : has('unknown')
      ? (['Unknown', 'UnknownBroker'] as const)
      : (['True', 'AtLeastOnce'] as const)
  return [condition('DeliveryGuarantee', status, reason, message)]
}

function state(fn: Fn | undefined, parts: readonly Condition[]): FunctionStatus['serving']['state'] {
  if (fn === undefined) return 'Failed'
  if (!fn.isServed) return 'Skipped'
  const failed = parts.filter(({ status }) => status !== 'True')
  if (failed.length === 0) return 'Running'
  const isBroken = failed.some(({ reason }) => reason === 'ReplicaFailure' || reason === 'ProgressDeadlineExceeded')
  return isBroken ? 'Failed' : 'Starting'
}

function addressOf(fn: Fn, settings: Settings): string {
  const scheme = fn.isAsync ? fn.protocol : 'http'
  return `${scheme}://${serviceHost(fn, 'function', settings.clusterDomain)}:${fn.port}`
}

// The status of a Function, from the observed children alone. It holds no clock, so it settles.

import type { Problem } from '../shared/func-context.ts'
import type { KubeObject } from '../shared/k8s.ts'
import { schemeOf } from './app-protocol.ts'
import { availability, type Condition, condition, rolloutFault } from './availability.ts'
import { find } from './cluster.ts'
import type { Guarantee } from './delivery/delivery.ts'
import type { Fn, Mode } from './function.ts'
import { serviceHost, workloadName } from './names.ts'
import type { Findings } from './references.ts'
import { replicaCaOf } from './replica-ca.ts'
import { scalingOf } from './scaling.ts'
import type { Settings } from './settings.ts'
import type { Accepted } from './source.ts'

export interface FunctionStatus {
  readonly accepted?: Accepted
  readonly conditions: readonly Condition[]
  readonly addresses?: readonly { readonly type: 'Internal'; readonly value: string }[]
  readonly serving: {
    readonly state: 'Running' | 'Starting' | 'Failed' | 'Skipped'
    readonly reason?: string
    readonly message?: string
    readonly mode?: Mode
  }
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
  /** Undefined where the Function refers to nothing that others make. */
  readonly references: Findings | undefined
  /** Other Functions of the namespace with the same app-id; undefined where they were not looked at. */
  readonly sameAppId: readonly string[] | undefined
  /** Wanted children that are not there as they are wanted. */
  readonly waitedFor: readonly KubeObject[]
}

export function functionStatus(facts: Facts, settings: Settings): FunctionStatus {
  const { fn, accepted } = facts
  const parts = fn ? [...available(fn, facts.observed), ...rolledOut(fn, facts)] : []
  const judgement = acceptedCondition(facts)
  const address = fn?.isServed ? [{ type: 'Internal' as const, value: addressOf(fn, settings) }] : undefined
  const about = fn
    ? [
        complete(facts),
        ...observedCondition(facts),
        ...referencesFound(facts),
        ...appIdUnique(facts, fn),
        ...delivery(facts, fn),
      ]
    : []
  const bad = [judgement, ...parts].find(({ status }) => status !== 'True')
  return {
    ...(accepted && { accepted }),
    conditions: [judgement, ready([judgement, ...parts], fn), ...parts, ...about],
    ...(address && { addresses: address }),
    // OpenFunction's own definition has no conditions: what is wrong stands here too.
    serving: {
      state: state(fn, parts),
      ...(bad && { reason: bad.reason, message: bad.message }),
      ...(fn?.isServed && { mode: fn.mode }),
    },
  }
}

function acceptedCondition({ fn, problems, accepted }: Facts): Condition {
  if (problems.length === 0) return condition('Accepted', true, 'Accepted', `every field is valid${ambiguousAppId(fn)}`)
  const fields = problems.map(({ field, message }) => `${field} ${message}`).join('; ')
  const kept = accepted ? `children stay as of generation ${accepted.generation}` : 'there are no children'
  return condition('Accepted', false, 'Invalid', `${kept}; ${fields}`)
}

/**
 * Brokers know a Function by its app-id: a-b of namespace c and a of b-c would be one to them, and take each other's events.
 * Nobody can see the other one, so where it could be, this is said.
 */
function ambiguousAppId(fn: Fn | undefined): string {
  if (fn === undefined || fn.mode === 'none' || fn.appId !== `${fn.name}-${fn.namespace}`) return ''
  if (!`${fn.name}${fn.namespace}`.includes('-')) return ''
  return `; the app-id ${fn.appId} could be that of a Function of another namespace: set dapr.io/app-id where they share a broker`
}

interface Workload {
  readonly type: 'FunctionAvailable' | 'ProxyAvailable'
  readonly kind: string
  readonly name: string
}

function workloads(fn: Fn): Workload[] {
  if (!fn.isServed) return []
  const { workload } = scalingOf(fn)
  const kind = workload === 'Job' ? 'ScaledJob' : workload
  const own: Workload = { type: 'FunctionAvailable', kind, name: workloadName(fn, 'function') }
  const proxy: Workload = { type: 'ProxyAvailable', kind: 'Deployment', name: workloadName(fn, 'proxy') }
  return fn.mode === 'standalone' ? [own, proxy] : [own]
}

function available(fn: Fn, observed: readonly KubeObject[]): Condition[] {
  return workloads(fn).map(({ type, kind, name }) => {
    const found = availability(type, `${kind} ${name}`, find(observed, kind, name))
    const ca = type === 'ProxyAvailable' && found.status === 'False' ? replicaCaOf(fn) : undefined
    if (ca === undefined) return found
    // Whether it is there is not looked at: Metacontroller would have to be allowed to read every ConfigMap.
    return { ...found, message: `${found.message}; no pod of it starts without ConfigMap ${ca} and its ca.crt` }
  })
}

/** Pods of an old version may serve for as long as those of the new one do not start: the Function is available then, but not Ready. */
function rolledOut(fn: Fn, { observed, waitedFor }: Facts): Condition[] {
  if (!fn.isServed) return []
  const [fault] = workloads(fn).flatMap(({ kind, name }) => {
    const isWritten = find(waitedFor, kind, name) === undefined
    return rolloutFault(`${kind} ${name}`, find(observed, kind, name), isWritten) ?? []
  })
  if (fault) return [condition('RolledOut', false, fault.reason, fault.message)]
  return [condition('RolledOut', true, 'RolledOut', 'every pod is of the present version')]
}

function ready(judged: readonly Condition[], fn: Fn | undefined): Condition {
  const failed = judged.find(({ status }) => status !== 'True')
  if (failed) return condition('Ready', false, failed.reason, `see ${failed.type}`)
  if (!fn?.isServed) return condition('Ready', false, 'Skipped', 'spec.serving is missing, so nothing is served')
  return condition('Ready', true, 'Ready', 'the Function is served')
}

/** Metacontroller says nothing when another object has a child's name. Workloads have conditions of their own. */
function observedCondition({ waitedFor }: Facts): Condition[] {
  const names = waitedFor.map(({ kind, metadata }) => `${kind} ${metadata.name}`)
  if (names.length === 0) return [condition('Observed', true, 'Observed', 'every child is there as it is wanted')]
  const message = `not there yet: ${names.join(', ')}; if this stays so, does another object have that name, or does Metacontroller lack a right?`
  return [condition('Observed', false, 'Waiting', message)]
}

function complete({ leftOut }: Facts): Condition {
  if (leftOut.length === 0)
    return condition('Complete', true, 'Complete', 'every field is honoured, every child wanted')
  return condition('Complete', false, 'LeftOut', `without effect: ${leftOut.join(', ')}`)
}

/** Components of the namespace and Secrets: a pod with daprd does not start, or runs without them, as long as they are missing. */
function referencesFound({ references }: Facts): Condition[] {
  if (references === undefined) return []
  const { faults, areSeen } = references
  const type = 'ReferencesFound'
  if (faults.length > 0) return [condition(type, false, 'Missing', faults.join('; '))]
  if (areSeen) return [condition(type, true, 'Found', 'all that the Function refers to is there')]
  return [
    condition(
      type,
      'Unknown',
      'NotLookedAt',
      'what the Function refers to was not seen; is the customize hook in use?',
    ),
  ]
}

function appIdUnique({ sameAppId }: Facts, { appId }: Fn): Condition[] {
  if (sameAppId === undefined) return []
  const type = 'AppIdUnique'
  if (sameAppId.length === 0) return [condition(type, true, 'Unique', `no other Function of the namespace is ${appId}`)]
  const others = sameAppId.join(', ')
  const message = `${appId} is the app-id of ${others} too: they take each other's events; change dapr.io/app-id of one`
  return [condition(type, false, 'Shared', message)]
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
  return `${schemeOf(fn)}://${serviceHost(fn, 'function', settings.clusterDomain)}:${fn.port}`
}

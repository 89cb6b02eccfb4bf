// What the observed workload of a role says of itself: whether its pods serve, and whether they are those that are wanted.

import type { KubeObject } from '../shared/k8s.ts'

export interface Condition {
  readonly type: string
  readonly status: 'True' | 'False' | 'Unknown'
  readonly reason: string
  readonly message: string
}

interface WorkloadStatus {
  readonly observedGeneration?: number
  readonly replicas?: number
  readonly readyReplicas?: number
  /** Pods of the present template. */
  readonly updatedReplicas?: number
  readonly conditions?: readonly { readonly type?: string; readonly status?: string; readonly message?: string }[]
}

/** Longest message of a condition, in characters. */
const longestMessage = 4000

export const condition = (
  type: string,
  status: boolean | Condition['status'],
  reason: string,
  message: string,
): Condition => ({
  type,
  status: typeof status === 'string' ? status : status ? 'True' : 'False',
  reason,
  message: message.length > longestMessage ? `${message.slice(0, longestMessage - 1)}…` : message,
})

/**
 * Whether pods serve, of whatever version. `name` comes with its kind. Judges by what Kubernetes last said, never by time. `observed` is
 * undefined while it is not there.
 */
export function availability(type: string, name: string, observed: KubeObject | undefined): Condition {
  const not = (reason: string, message: string) => condition(type, false, reason, message)
  if (observed === undefined) {
    return not('NotCreated', `${name} is not there; if this stays so, does another object have its name?`)
  }
  if (observed.metadata.deletionTimestamp !== undefined) return not('Terminating', `${name} is being deleted`)
  const status = statusOf(observed)
  const ready = `${status.readyReplicas ?? 0} of ${status.replicas ?? 0} replicas are ready`
  if (find(status, 'Available')?.status === 'True' || isAllReady(observed, status)) {
    if (observed.kind === 'ScaledJob' || status.replicas) return condition(type, true, 'Available', ready)
    // Kubernetes calls a Deployment of no pods available. A function may be scaled to zero, a proxy without pods has yet to start.
    return type === 'ProxyAvailable' ? not('Starting', ready) : condition(type, true, 'ScaledToZero', ready)
  }
  const fault = deploymentFault(status)
  return fault ? not(fault.reason, `${ready}; ${fault.message}`) : not('Starting', ready)
}

export interface Fault {
  readonly reason: string
  readonly message: string
}

/**
 * Why not all pods of a workload are of the version that is now wanted; undefined where they are. Until then those of the old one serve.
 * `isWritten` is false until the observed object has the wanted template.
 */
export function rolloutFault(name: string, observed: KubeObject | undefined, isWritten: boolean): Fault | undefined {
  const rolling = (message: string): Fault => ({ reason: 'RollingOut', message: `${name}: ${message}` })
  if (observed === undefined || !isWritten) return rolling('the present version is not written yet')
  // A ScaledJob starts each pod anew.
  if (observed.kind !== 'Deployment' && observed.kind !== 'StatefulSet') return undefined
  const { spec, metadata } = observed as { spec?: { paused?: boolean } | null; metadata: { generation?: number } }
  const status = statusOf(observed)
  const { replicas = 0, updatedReplicas = 0 } = status
  if (spec?.paused) return rolling('waits for what daprd reads at its start')
  if ((status.observedGeneration ?? 0) < (metadata.generation ?? 0)) {
    return rolling('Kubernetes has not looked at the present version yet')
  }
  const fault = deploymentFault(status)
  if (fault) return { ...fault, message: `${name}: ${fault.message}` }
  if (updatedReplicas >= replicas) return undefined
  return rolling(`${updatedReplicas} of ${replicas} replicas are of the present version`)
}

/** Where a Deployment gets no further by itself. */
function deploymentFault(status: WorkloadStatus): Fault | undefined {
  const failure = find(status, 'ReplicaFailure')
  if (failure?.status === 'True') {
    return { reason: 'ReplicaFailure', message: failure.message ?? 'its pods cannot be created' }
  }
  if (find(status, 'Progressing')?.status !== 'False') return undefined
  return { reason: 'ProgressDeadlineExceeded', message: 'its new pods do not become ready; look at them' }
}

/** A StatefulSet has no conditions; a ScaledJob says Ready where KEDA watches its triggers. */
function isAllReady({ kind }: KubeObject, status: WorkloadStatus): boolean {
  if (kind === 'ScaledJob') return conditionsOf(status).some((each) => each?.type === 'Ready' && each.status === 'True')
  const { replicas = 0, readyReplicas = 0 } = status
  return kind === 'StatefulSet' && replicas > 0 && readyReplicas === replicas
}

const statusOf = ({ status }: KubeObject): WorkloadStatus => (isMap(status) ? status : {})

const find = (status: WorkloadStatus, type: string) => conditionsOf(status).find((each) => each?.type === type)

function conditionsOf(status: WorkloadStatus): NonNullable<WorkloadStatus['conditions']> {
  return Array.isArray(status.conditions) ? status.conditions : []
}

const isMap = (value: unknown): value is object => typeof value === 'object' && value !== null

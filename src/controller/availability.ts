// What the observed workload of a role says about it, in one condition.

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

/** `name` with its kind. Judges by what Kubernetes last said, never by time. `observed` is undefined while it is not there. */
export function availability(type: string, name: string, observed: KubeObject | undefined): Condition {
  const not = (reason: string, message: string) => condition(type, false, reason, message)
  if (observed === undefined) {
    return not('NotCreated', `${name} is not there; if this stays so, does another object have its name?`)
  }
  if (observed.metadata.deletionTimestamp !== undefined) return not('Terminating', `${name} is being deleted`)
  const status: WorkloadStatus = isMap(observed.status) ? observed.status : {}
  const found = (wanted: string) => conditionsOf(status).find((each) => each?.type === wanted)
  const ready = `${status.readyReplicas ?? 0} of ${status.replicas ?? 0} replicas are ready`
  const failure = found('ReplicaFailure')
  if (failure?.status === 'True') return not('ReplicaFailure', failure.message ?? 'its pods cannot be created')
  if (found('Available')?.status === 'True') return condition(type, true, 'Available', ready)
  if (isAllReady(observed, status)) return condition(type, true, 'Available', ready)
  if (found('Progressing')?.status === 'False') return not('ProgressDeadlineExceeded', `${ready}; look at its pods`)
  return not('Starting', ready)
}

/** A StatefulSet has no conditions; a ScaledJob says Ready where KEDA watches its triggers. */
function isAllReady({ kind }: KubeObject, status: WorkloadStatus): boolean {
  if (kind === 'ScaledJob') return conditionsOf(status).some((each) => each?.type === 'Ready' && each.status === 'True')
  const { replicas = 0, readyReplicas = 0 } = status
  return kind === 'StatefulSet' && replicas > 0 && readyReplicas === replicas
}

function conditionsOf(status: WorkloadStatus): NonNullable<WorkloadStatus['conditions']> {
  return Array.isArray(status.conditions) ? status.conditions : []
}

const isMap = (value: unknown): value is object => typeof value === 'object' && value !== null

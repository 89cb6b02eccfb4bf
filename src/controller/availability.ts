// What the observed Deployment of a role says about it, in one condition.

import type { KubeObject } from '../shared/k8s.ts'

export interface Condition {
  readonly type: string
  readonly status: 'True' | 'False'
  readonly reason: string
  readonly message: string
}

interface DeploymentStatus {
  readonly observedGeneration?: number
  readonly replicas?: number
  readonly readyReplicas?: number
  readonly conditions?: readonly { readonly type?: string; readonly status?: string; readonly message?: string }[]
}

/** Longest message of a condition, in characters. */
const longestMessage = 4000

export const condition = (type: string, isTrue: boolean, reason: string, message: string): Condition => ({
  type,
  status: isTrue ? 'True' : 'False',
  reason,
  message: message.length > longestMessage ? `${message.slice(0, longestMessage - 1)}…` : message,
})

/** Judges by what Kubernetes last said, never by time. `observed` is undefined while the Deployment is not there. */
export function availability(type: string, name: string, observed: KubeObject | undefined): Condition {
  const not = (reason: string, message: string) => condition(type, false, reason, message)
  if (observed === undefined) {
    return not('NotCreated', `Deployment ${name} is not there; if this stays so, does another object have its name?`)
  }
  if (observed.metadata.deletionTimestamp !== undefined)
    return not('Terminating', `Deployment ${name} is being deleted`)
  const status: DeploymentStatus = isMap(observed.status) ? observed.status : {}
  const found = (wanted: string) => conditionsOf(status).find((each) => each?.type === wanted)
  const ready = `${status.readyReplicas ?? 0} of ${status.replicas ?? 0} replicas are ready`
  const failure = found('ReplicaFailure')
  if (failure?.status === 'True') return not('ReplicaFailure', failure.message ?? 'its pods cannot be created')
  if (found('Available')?.status === 'True') return condition(type, true, 'Available', ready)
  if (found('Progressing')?.status === 'False') return not('ProgressDeadlineExceeded', `${ready}; look at its pods`)
  return not('Starting', ready)
}

function conditionsOf(status: DeploymentStatus): NonNullable<DeploymentStatus['conditions']> {
  return Array.isArray(status.conditions) ? status.conditions : []
}

const isMap = (value: unknown): value is object => typeof value === 'object' && value !== null

// The number of replicas that a workload is sent with, if any.

import type { KubeObject } from '../shared/k8s.ts'

const lastApplied = 'metacontroller.k8s.io/last-applied-configuration'

/**
 * A number that others decide is not sent. But one that was sent before and is left out now would be deleted, and
 * Kubernetes puts 1 in its place; so it is followed by the one that is there.
 */
export function replicasOfOthers(observed: KubeObject | undefined): number | undefined {
  if (observed === undefined || !(wasApplied(observed) || isManaged(observed))) return undefined
  const replicas = (observed.spec as { replicas?: unknown } | undefined)?.replicas
  return typeof replicas === 'number' ? replicas : undefined
}

/** Metacontroller's dynamic apply keeps what it sent in an annotation. */
function wasApplied({ metadata }: KubeObject): boolean {
  const text = metadata.annotations?.[lastApplied]
  if (text === undefined) return false
  try {
    return (JSON.parse(text) as { spec?: { replicas?: unknown } } | null)?.spec?.replicas !== undefined
  } catch {
    return false
  }
}

/** Its server-side apply is a manager of fields. */
function isManaged({ metadata }: KubeObject): boolean {
  const managers = (metadata as { managedFields?: unknown }).managedFields
  return (
    Array.isArray(managers) &&
    managers.some((each) => each?.operation === 'Apply' && each.fieldsV1?.['f:spec']?.['f:replicas'] !== undefined)
  )
}

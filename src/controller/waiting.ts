// What must be in the cluster before a pod with daprd may start: it reads all of it once, at its start.

import type { KubeObject } from '../shared/k8s.ts'
import { proxyServiceAccount } from './children/proxy-account.ts'
import { type Cluster, find, isThere } from './cluster.ts'
import { daprObjects } from './dapr-objects.ts'
import type { Fn } from './function.ts'
import type { ChildKind } from './kinds.ts'
import { type Role, workloadName } from './names.ts'

/**
 * The children that the pod with daprd waits for, in the order in which they are made. Metacontroller writes kinds in an order of its
 * own, Deployments first, and a pod that starts before its Components would run without them.
 */
function missing(fn: Fn, cluster: Cluster): KubeObject[] {
  return [...proxyServiceAccount(fn), ...daprObjects(fn, cluster)]
    .filter(({ kind }) => cluster.makes(kind as ChildKind))
    .filter((child) => !isThere(child, cluster))
}

/** `paused`: a Deployment in this state takes a new template but starts no pod from it. A running pod is never stopped for it. */
export function pausedWhileWaiting(fn: Fn, cluster: Cluster): { readonly paused?: true } {
  return missing(fn, cluster).length > 0 ? { paused: true } : {}
}

/** False until the Deployment of this role has had pods. */
export function hasStarted(fn: Fn, role: Role, { observed }: Cluster): boolean {
  const spec = find(observed ?? [], 'Deployment', workloadName(fn, role))?.spec as { replicas?: number } | undefined
  return (spec?.replicas ?? 0) > 0
}

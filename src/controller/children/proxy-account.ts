// Who the proxy is towards the API server: an account of its own, and the right to watch EndpointSlices.

import type { KubeObject } from '../../shared/k8s.ts'
import { proxyAccount } from '../accounts.ts'
import type { Cluster } from '../cluster.ts'
import type { Fn } from '../function.ts'
import { labels, workloadName } from '../names.ts'

/** Shipped in manifests/rbac: get, list and watch EndpointSlices. RBAC cannot narrow it to those of one Service. */
const endpointSlicesRole = 'dapr-proxy-endpointslices'

/** None where the template names an account: what Components may do in a cloud belongs to the pod with daprd. */
export function proxyServiceAccount(fn: Fn): KubeObject[] {
  if (fn.mode !== 'standalone' || fn.serviceAccount !== undefined) return []
  return [
    {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: workloadName(fn, 'proxy'), namespace: fn.namespace, labels: labels(fn, 'proxy') },
      // Its pod says so itself; nobody else who uses the account gets a token unasked.
      automountServiceAccountToken: false,
    },
  ]
}

export function proxyRoleBinding(fn: Fn, cluster: Cluster): KubeObject[] {
  const account = proxyAccount(fn, cluster)
  if (fn.mode !== 'standalone' || account === undefined) return []
  return [
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: workloadName(fn, 'proxy'), namespace: fn.namespace, labels: labels(fn, 'proxy') },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: endpointSlicesRole },
      subjects: [{ kind: 'ServiceAccount', name: account, namespace: fn.namespace }],
    },
  ]
}

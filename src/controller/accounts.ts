// Which account the proxy's pod has, and whether it gets a token.

import type { Cluster } from './cluster.ts'
import type { Fn } from './function.ts'
import { workloadName } from './names.ts'

/** The account of the proxy's pod; undefined where none may be made, which leaves it the namespace's default. */
export function proxyAccount(fn: Fn, cluster: Cluster): string | undefined {
  return fn.serviceAccount ?? (cluster.makes('ServiceAccount') ? workloadName(fn, 'proxy') : undefined)
}

/** Without it the proxy has no token and finds its replicas by DNS. */
export const mayWatchEndpoints = (fn: Fn, cluster: Cluster): boolean =>
  proxyAccount(fn, cluster) !== undefined && cluster.makes('RoleBinding')

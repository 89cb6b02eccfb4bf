// Function → children. Adding a kind is one new file and one line here.

import type { KubeObject } from '../shared/k8s.ts'
import { autoscaler } from './children/autoscaler.ts'
import { disruptionBudget } from './children/disruption-budget.ts'
import { functionService } from './children/function-service.ts'
import { functionWorkload } from './children/function-workload.ts'
import { networkPolicies } from './children/network-policy.ts'
import { proxyRoleBinding, proxyServiceAccount } from './children/proxy-account.ts'
import { proxyDeployment } from './children/proxy-deployment.ts'
import { proxyService } from './children/proxy-service.ts'
import { type Cluster, settledCluster } from './cluster.ts'
import { daprObjects } from './dapr-objects.ts'
import type { Fn } from './function.ts'
import type { Settings } from './settings.ts'

type Maker = (fn: Fn, cluster: Cluster) => readonly KubeObject[]

const makers: readonly Maker[] = [
  daprObjects,
  proxyServiceAccount,
  proxyRoleBinding,
  functionWorkload,
  functionService,
  autoscaler,
  proxyDeployment,
  proxyService,
  disruptionBudget,
  networkPolicies,
]

/** All children of an accepted Function, also of kinds that the cluster does not make: always the same in the same order. */
export function wantedChildren(fn: Fn, cluster: Cluster): KubeObject[] {
  return fn.isServed ? makers.flatMap((make) => make(fn, cluster)) : []
}

/** The children once all is settled, where every kind is made. */
export const renderChildren = (fn: Fn, settings: Settings): KubeObject[] => wantedChildren(fn, settledCluster(settings))

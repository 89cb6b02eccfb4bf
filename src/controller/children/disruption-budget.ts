// Where a Function has more than one proxy, a drained node takes only one of them at a time.

import type { KubeObject } from '../../shared/k8s.ts'
import type { Cluster } from '../cluster.ts'
import type { Fn } from '../function.ts'
import { labels, selector, workloadName } from '../names.ts'
import { proxyReplicas } from '../scaling.ts'

export function disruptionBudget(fn: Fn, cluster: Cluster): KubeObject[] {
  if (fn.mode !== 'standalone' || proxyReplicas(fn, cluster) === 1) return []
  return [
    {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: workloadName(fn, 'proxy'), namespace: fn.namespace, labels: labels(fn, 'proxy') },
      spec: { maxUnavailable: 1, selector: { matchLabels: selector(fn, 'proxy') } },
    },
  ]
}

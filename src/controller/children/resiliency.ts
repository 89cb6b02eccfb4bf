// How long daprd goes on delivering an event that the function did not take.

import type { KubeObject } from '../../shared/k8s.ts'
import type { Cluster } from '../cluster.ts'
import { policyOf } from '../delivery/delivery.ts'
import type { Fn } from '../function.ts'
import { inputComponents } from '../inputs.ts'
import { labels } from '../names.ts'
import { targetedByOthers } from '../resiliencies.ts'

/** daprd merges all Resiliency objects by the names of their policies, so ours carry that of the Function and of the component. */
export function resiliency(fn: Fn, { related }: Cluster): KubeObject[] {
  if (fn.mode === 'none') return []
  const others = targetedByOthers(fn, related)
  const inputs = inputComponents(fn, related).filter(({ name }) => !others.has(name))
  if (inputs.length === 0) return []
  const policy = (component: string) => `${fn.name}-${component}`
  const retries = inputs.map((input) => [policy(input.name), policyOf(input)] as const)
  const targets = inputs.map(({ name }) => [name, { inbound: { retry: policy(name) } }] as const)
  return [
    {
      apiVersion: 'dapr.io/v1alpha1',
      kind: 'Resiliency',
      metadata: { name: fn.name, namespace: fn.namespace, labels: labels(fn, 'resiliency') },
      spec: {
        policies: { retries: Object.fromEntries(retries) },
        targets: { components: Object.fromEntries(targets) },
      },
      scopes: [fn.appId],
    },
  ]
}

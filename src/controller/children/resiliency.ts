// How long daprd goes on delivering an event that the function did not take.

import type { KubeObject } from '../../shared/k8s.ts'
import { inputRetries, longestPauseMs } from '../delivery.ts'
import type { Fn } from '../function.ts'
import { labels } from '../names.ts'

/** daprd merges all Resiliency objects by the names of their policies, so ours carry that of the Function and of the component. */
export function resiliency(fn: Fn): KubeObject[] {
  if (fn.mode === 'none') return []
  const inputs = [...inputRetries(fn)]
  if (inputs.length === 0) return []
  const policy = (component: string) => `${fn.name}-${component}`
  const retry = (maxRetries: number) => ({
    policy: 'exponential',
    maxInterval: `${longestPauseMs / 1000}s`,
    maxRetries,
  })
  return [
    {
      apiVersion: 'dapr.io/v1alpha1',
      kind: 'Resiliency',
      metadata: { name: fn.name, namespace: fn.namespace, labels: labels(fn, 'resiliency') },
      spec: {
        policies: { retries: Object.fromEntries(inputs.map(([name, retries]) => [policy(name), retry(retries)])) },
        targets: {
          components: Object.fromEntries(inputs.map(([name]) => [name, { inbound: { retry: policy(name) } }])),
        },
      },
      scopes: [fn.appId],
    },
  ]
}

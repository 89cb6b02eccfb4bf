// How the daprd of this Function works, unless the user names a Configuration of their own.

import type { KubeObject } from '../../shared/k8s.ts'
import { annotation } from '../annotations.ts'
import type { Fn } from '../function.ts'
import { labels } from '../names.ts'

/**
 * From 1.18 on daprd starts anew, and delivers nothing meanwhile, whenever any Resiliency of its namespace comes or changes, another
 * Function's too (dapr pkg/runtime/hotreload/reconciler/sighup.go). Ours changes with the pod, so it is not to watch them.
 */
export function daprConfiguration(fn: Fn): KubeObject[] {
  if (fn.mode === 'none' || fn.serving.annotations?.[annotation.config] !== undefined) return []
  return [
    {
      apiVersion: 'dapr.io/v1alpha1',
      kind: 'Configuration',
      metadata: { name: fn.name, namespace: fn.namespace, labels: labels(fn, 'configuration') },
      spec: { features: [{ name: 'HotReload', enabled: false }] },
    },
  ]
}

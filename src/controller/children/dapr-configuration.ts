// How the daprd of this Function works, unless the user names a Configuration of their own.

import type { KubeObject } from '../../shared/k8s.ts'
import { annotation } from '../annotations.ts'
import { resolveComponent } from '../components.ts'
import type { Fn } from '../function.ts'
import { labels } from '../names.ts'
import type { Settings } from '../settings.ts'

/**
 * From 1.18 on daprd starts anew, and delivers nothing meanwhile, whenever any Resiliency of its namespace comes or changes, another
 * Function's too (dapr pkg/runtime/hotreload/reconciler/sighup.go). Ours changes with the pod, so it is not to watch them.
 */
export function daprConfiguration(fn: Fn, settings: Settings): KubeObject[] {
  if (fn.mode === 'none' || fn.serving.annotations?.[annotation.config] !== undefined) return []
  return [
    {
      apiVersion: 'dapr.io/v1alpha1',
      kind: 'Configuration',
      metadata: { name: fn.name, namespace: fn.namespace, labels: labels(fn, 'configuration') },
      spec: { features: [{ name: 'HotReload', enabled: false }], ...api(fn, settings) },
    },
  ]
}

/**
 * In standalone mode daprd's API is open to other pods, so it is closed to all that no output and no state needs. Of `metadata` clients
 * ask whether daprd is there; `healthz` is always allowed (dapr pkg/api/grpc/endpoints.go, pkg/api/http).
 */
function api(fn: Fn, { daprd }: Settings): object | undefined {
  if (fn.mode !== 'standalone' || daprd.api === 'all') return undefined
  const outputs = (fn.serving.outputs ?? []).map((io) => resolveComponent(fn.name, fn.serving, io).type.split('.')[0])
  const names = [
    ...(outputs.includes('pubsub') ? ['publish'] : []),
    ...(outputs.includes('bindings') ? ['bindings'] : []),
    ...(Object.keys(fn.serving.states ?? {}).length > 0 ? ['state'] : []),
  ]
  // Where Dapr has a name in no such version it passes over it. A protocol without any rule would be open.
  const allowed = [...rules('metadata', []), ...names.flatMap((name) => rules(name, ['alpha1']))]
  return { api: { allowed } }
}

const rules = (name: string, previews: readonly string[]) => [
  ...['v1.0', ...previews.map((preview) => `v1.0-${preview}`)].map((version) => ({ name, version, protocol: 'http' })),
  ...['v1', ...previews.map((preview) => `v1${preview}`)].map((version) => ({ name, version, protocol: 'grpc' })),
]

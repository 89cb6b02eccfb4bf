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
  const allowed = [
    ...rules.metadata,
    ...(outputs.includes('pubsub') ? rules.publish : []),
    ...(outputs.includes('bindings') ? rules.bindings : []),
    ...(Object.keys(fn.serving.states ?? {}).length > 0 ? rules.state : []),
  ]
  return { api: { allowed } }
}

/**
 * No name twice: Metacontroller merges a list by `name`, and the last rule of a name would take the place of all others. Over gRPC a
 * rule is exactly a name and one version, so the previews (v1alpha1) stay closed. Over HTTP it is the beginning of a route. A protocol
 * without any rule would be open.
 */
const rules = {
  metadata: both('metadata', 'metadat'),
  publish: both('publish', 'publish/'),
  bindings: both('bindings', 'bindings/'),
  state: both('state', 'state/'),
} as const

function both(grpc: string, http: string): object[] {
  return [
    { name: http, version: 'v1.0', protocol: 'http' },
    { name: grpc, version: 'v1', protocol: 'grpc' },
  ]
}

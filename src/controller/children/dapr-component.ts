// One Dapr Component for each component that the Function declares itself, for its own app-id alone.

import type { KubeObject } from '../../shared/k8s.ts'
import type { Cluster } from '../cluster.ts'
import { inlineComponents } from '../components.ts'
import { withDelivery } from '../delivery/delivery.ts'
import type { Fn } from '../function.ts'
import { inputComponents } from '../inputs.ts'
import { labels } from '../names.ts'
import { withoutNulls } from '../prune.ts'

export function daprComponent(fn: Fn, { settings, related }: Cluster): KubeObject[] {
  if (fn.mode === 'none') return []
  const inputs = new Set(inputComponents(fn, related).map(({ name }) => name))
  return inlineComponents(fn.name, fn.serving).map(({ kind, name, spec }) => {
    const given = withoutNulls(spec)
    const { type, version, ignoreErrors, initTimeout } = given
    return {
      apiVersion: 'dapr.io/v1alpha1',
      kind: 'Component',
      metadata: { name, namespace: fn.namespace, labels: labels(fn, 'component') },
      spec: {
        type,
        version,
        ...(ignoreErrors !== undefined && { ignoreErrors }),
        ...(initTimeout !== undefined && { initTimeout }),
        metadata: withDelivery(fn, given, inputs.has(name), settings).filter(
          (item) => kind !== 'bindings' || item.name !== 'route',
        ),
      },
      scopes: [fn.appId],
    }
  })
}

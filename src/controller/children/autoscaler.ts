// What scales the function: KEDA where it has triggers, else the CPU it uses, where it names a maximum.

import type { KubeObject } from '../../shared/k8s.ts'
import type { Cluster } from '../cluster.ts'
import type { Fn } from '../function.ts'
import { labels, workloadName } from '../names.ts'
import { withoutNulls } from '../prune.ts'
import { lowest, type Scaling, scalingOf } from '../scaling.ts'

export function autoscaler(fn: Fn, { settings }: Cluster): KubeObject[] {
  const scaling = scalingOf(fn)
  if (scaling.scaler === 'ScaledObject') return [scaledObject(fn, scaling)]
  if (scaling.scaler === 'HorizontalPodAutoscaler') {
    return [horizontal(fn, scaling, settings.function.targetCpuPercent)]
  }
  return []
}

const frame = (fn: Fn) => ({ name: fn.name, namespace: fn.namespace, labels: labels(fn, 'autoscaler') })

const target = (fn: Fn, { workload }: Scaling) => ({
  apiVersion: 'apps/v1',
  kind: workload,
  name: workloadName(fn, 'function'),
})

function horizontal(fn: Fn, scaling: Scaling, averageUtilization: number): KubeObject {
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: frame(fn),
    spec: {
      scaleTargetRef: target(fn, scaling),
      minReplicas: Math.max(1, lowest(fn, scaling)),
      maxReplicas: scaling.max,
      metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } } }],
    },
  }
}

function scaledObject(fn: Fn, scaling: Scaling): KubeObject {
  const { pollingInterval, cooldownPeriod, advanced } = fn.serving.scaleOptions?.keda?.scaledObject ?? {}
  return withoutNulls({
    apiVersion: 'keda.sh/v1alpha1',
    kind: 'ScaledObject',
    metadata: frame(fn),
    spec: {
      scaleTargetRef: { ...target(fn, scaling), envSourceContainerName: 'function' },
      pollingInterval,
      cooldownPeriod,
      minReplicaCount: lowest(fn, scaling),
      maxReplicaCount: scaling.max,
      advanced,
      triggers: scaling.triggers.map(({ targetKind: _, ...trigger }) => trigger),
    },
  })
}

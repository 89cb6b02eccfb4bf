// The function itself: the user's pod template with the image, the environment and the Dapr switch of its mode.

import type { KubeObject, TextMap } from '../../shared/k8s.ts'
import { annotation, daprPodAnnotations, plainPodAnnotations } from '../annotations.ts'
import { canonicalTemplate } from '../canonical.ts'
import { type Cluster, find } from '../cluster.ts'
import { daprAnnotations } from '../dapr-objects.ts'
import type { Fn, PodTemplate } from '../function.ts'
import { functionContainers } from '../function-container.ts'
import { labels, workloadName } from '../names.ts'
import { podTemplate, workload } from '../pod.ts'
import { prune } from '../prune.ts'
import { replicasOfOthers } from '../replicas.ts'
import { type Scaling, scalingOf } from '../scaling.ts'
import { pausedWhileWaiting } from '../waiting.ts'

export function functionWorkload(fn: Fn, cluster: Cluster): KubeObject[] {
  const scaling = scalingOf(fn)
  const given = canonicalTemplate(fn.serving.template ?? {})
  const pod = {
    ...given,
    containers: functionContainers(fn, given, cluster.settings, scaling.workload),
    imagePullSecrets: pullSecrets(fn, given),
    // daprd in the same pod may need the token, a function alone does not; its template may ask for it.
    ...(fn.mode !== 'sidecar' && { automountServiceAccountToken: given.automountServiceAccountToken ?? false }),
    securityContext: given.securityContext ?? podSecurity(cluster),
  }
  const frame = { role: 'function' as const, annotations: annotations(fn, cluster), pod }
  if (scaling.workload === 'Job') return [scaledJob(fn, scaling, podTemplate(fn, frame))]
  const isWaiting = fn.mode === 'sidecar' && scaling.workload === 'Deployment'
  return [
    workload(fn, scaling.workload, {
      ...frame,
      replicas: replicas(fn, scaling, cluster),
      ...(isWaiting && pausedWhileWaiting(fn, cluster)),
    }),
  ]
}

const podSecurity = ({ settings }: Cluster): object => ({
  ...(settings.function.podSecurity === 'restricted' && { runAsNonRoot: true }),
  seccompProfile: { type: 'RuntimeDefault' },
})

/** The Function's own number, at least 1, unless it gives none or something scales it. */
function replicas(fn: Fn, { scaler, workload: kind, min }: Scaling, cluster: Cluster): number | undefined {
  const isScaled = scaler !== 'none' && cluster.makes(scaler)
  if (!isScaled && min !== undefined) return Math.max(1, min)
  return replicasOfOthers(find(cluster.observed ?? [], kind, workloadName(fn, 'function')))
}

function annotations(fn: Fn, cluster: Cluster): TextMap {
  if (fn.mode !== 'sidecar') return plainPodAnnotations(fn.serving.annotations)
  return daprPodAnnotations(fn.serving.annotations, cluster.settings, {
    ...daprAnnotations(fn, cluster),
    [annotation.enabled]: 'true',
    [annotation.appId]: fn.appId,
    [annotation.appPort]: String(fn.port),
    [annotation.appProtocol]: fn.protocol,
  })
}

/** Each event of the broker starts a pod that takes it and ends. */
function scaledJob(fn: Fn, { max, triggers }: Scaling, template: object): KubeObject {
  const { restartPolicy = 'OnFailure', ...options } = fn.serving.scaleOptions?.keda?.scaledJob ?? {}
  const { metadata, spec } = template as { metadata: object; spec: object }
  return prune({
    apiVersion: 'keda.sh/v1alpha1',
    kind: 'ScaledJob',
    metadata: {
      name: workloadName(fn, 'function'),
      namespace: fn.namespace,
      labels: labels(fn, 'function', fn.serving.labels),
    },
    spec: {
      jobTargetRef: { template: { metadata, spec: { ...spec, restartPolicy } } },
      ...options,
      maxReplicaCount: max,
      triggers: triggers.map(({ targetKind: _, ...trigger }) => trigger),
    },
  })
}

function pullSecrets(fn: Fn, { imagePullSecrets = [] }: PodTemplate): NonNullable<PodTemplate['imagePullSecrets']> {
  const name = fn.pullSecret
  if (!name || imagePullSecrets.some((secret) => secret.name === name)) return imagePullSecrets
  return [...imagePullSecrets, { name }]
}

// All that a daprd reads when it starts, and a mark by which its pod is replaced when any of it changes.

import type { KubeObject, TextMap } from '../shared/k8s.ts'
import { annotation } from './annotations.ts'
import { daprComponent } from './children/dapr-component.ts'
import { daprConfiguration } from './children/dapr-configuration.ts'
import { resiliency } from './children/resiliency.ts'
import type { Cluster } from './cluster.ts'
import type { Fn } from './function.ts'
import { mark } from './mark.ts'
import { oncePerPair } from './once-per.ts'

/** Each carries a mark of its content, so that the observed one tells whether it is the wanted one. Half of the children ask for them. */
export const daprObjects = oncePerPair((fn: Fn, cluster: Cluster): readonly KubeObject[] =>
  [...daprComponent(fn, cluster), ...resiliency(fn, cluster), ...daprConfiguration(fn, cluster.settings)].map(
    (object) => {
      const { metadata, spec, scopes } = object
      return { ...object, metadata: { ...metadata, annotations: { [annotation.content]: mark([spec, scopes]) } } }
    },
  ),
)

/** Annotations of the pod with daprd. */
export function daprAnnotations(fn: Fn, cluster: Cluster): TextMap {
  const [configuration] = daprConfiguration(fn, cluster.settings)
  const content = daprObjects(fn, cluster).map(({ kind, metadata, spec, scopes }) => [
    kind,
    metadata.name,
    spec,
    scopes,
  ])
  return {
    ...(configuration && { [annotation.config]: configuration.metadata.name }),
    [annotation.daprObjects]: mark(content),
  }
}

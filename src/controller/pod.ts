// The pieces of a pod that function and proxy share: environment, Deployment and Service frames.

import { serializeFuncContext } from '../shared/func-context.ts'
import type { KubeObject, TextMap } from '../shared/k8s.ts'
import { annotation } from './annotations.ts'
import { funcContext } from './context.ts'
import type { EnvVar, Fn } from './function.ts'
import { mark } from './mark.ts'
import { labels, type Role, selector, workloadName } from './names.ts'
import { oncePer } from './once-per.ts'
import { prune } from './prune.ts'

/** What function and proxy must agree on. */
export const contractEnv = oncePer((fn: Fn): readonly EnvVar[] => [
  { name: 'FUNC_CONTEXT', value: unexpandable(serializeFuncContext(funcContext(fn))) },
  { name: 'APP_PROTOCOL', value: fn.protocol },
])

/** Kubernetes would replace `$(NAME)` and `$$` in a value; JSON has another way to write the dollar. */
export const unexpandable = (json: string): string =>
  json.includes('$') ? json.replace(/\$(?=[$(])/g, '\\u0024') : json

/** Who a pod is, from the API server. */
export const identityEnv: readonly EnvVar[] = [
  { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
  { name: 'POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
]

interface Pods {
  readonly role: Role
  readonly annotations: TextMap
  readonly pod: object
}

interface Workload extends Pods {
  /** Left to Kubernetes and to whoever scales the workload where it is undefined. */
  readonly replicas: number | undefined
  /** New pods wait; those that run go on. */
  readonly paused?: true
}

/** Pods carry the user's labels too; the selector holds ours alone. */
export const podTemplate = (fn: Fn, { role, annotations, pod }: Pods) => ({
  metadata: { labels: labels(fn, role, fn.serving.labels), annotations },
  spec: pod,
})

/** A Deployment or StatefulSet of one role. */
export function workload(fn: Fn, kind: 'Deployment' | 'StatefulSet', given: Workload): KubeObject {
  const { role, replicas, paused } = given
  const name = workloadName(fn, role)
  const template = podTemplate(fn, given)
  return prune({
    apiVersion: 'apps/v1',
    kind,
    metadata: {
      name,
      namespace: fn.namespace,
      labels: labels(fn, role, fn.serving.labels),
      // Of the template alone: others may decide the number of replicas.
      annotations: { [annotation.content]: mark(template) },
    },
    spec: {
      replicas,
      paused,
      ...(kind === 'StatefulSet' && { serviceName: name }),
      selector: { matchLabels: selector(fn, role) },
      template,
    },
  })
}

interface ServicePort {
  readonly name: string
  readonly port: number
}

interface ServiceFrame {
  readonly role: Role
  readonly ports: readonly ServicePort[]
  readonly isHeadless: boolean
}

/** A Service of one role. Without `clusterIP` the API server gives it an address of its own. */
export function service(fn: Fn, { role, ports, isHeadless }: ServiceFrame): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: workloadName(fn, role), namespace: fn.namespace, labels: labels(fn, role) },
    spec: {
      ...(isHeadless && { clusterIP: 'None' }),
      selector: selector(fn, role),
      ports: ports.map(({ name, port }) => ({ name, port, targetPort: port, protocol: 'TCP' })),
    },
  }
}

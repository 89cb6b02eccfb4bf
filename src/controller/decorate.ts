// For clusters where another operator runs the function: its proxy, and what that needs, are attached to the Function.

import type { KubeObject } from '../shared/k8s.ts'
import { annotation } from './annotations.ts'
import type { Cluster } from './cluster.ts'
import type { Fn, TextMap } from './function.ts'
import { serviceHost, workloadName } from './names.ts'
import { wantedChildren } from './render.ts'

export interface DecorateReply {
  /** Merged into the Function's: where the function finds Dapr's API, for the operator that runs it. */
  readonly annotations: TextMap
  readonly attachments: readonly KubeObject[]
}

/** No status: it is the other operator's. No workload of the function, nothing that scales it or closes its port. */
export function decorate(fn: Fn, cluster: Cluster): DecorateReply {
  if (fn.mode !== 'standalone') return { annotations: {}, attachments: [] }
  const own = workloadName(fn, 'function')
  const isTheirs = ({ kind, metadata }: KubeObject) => metadata.name === own && theirs.has(kind)
  const attachments = wantedChildren(fn, cluster).filter((child) => !isTheirs(child))
  return {
    annotations: { [annotation.daprHost]: serviceHost(fn, 'proxy', cluster.settings.clusterDomain) },
    attachments: attachments.map((child) => (child.kind === 'Service' ? selecting(child, fn) : child)),
  }
}

const theirs: ReadonlySet<string> = new Set([
  'Deployment',
  'HorizontalPodAutoscaler',
  'NetworkPolicy',
  'ScaledJob',
  'ScaledObject',
  'StatefulSet',
])

/** Labels of the pods that the other operator makes: `app=orders,tier=back` in an annotation of the Function. */
function selecting(service: KubeObject, fn: Fn): KubeObject {
  const text = fn.annotations[annotation.selector]
  if (text === undefined || service.metadata.name !== workloadName(fn, 'function')) return service
  const pairs = text.split(',').map((pair) => pair.trim().split('='))
  const selector = Object.fromEntries(pairs.map(([key = '', value = '']) => [key, value]))
  return { ...service, spec: { ...(service.spec as object), selector } }
}

// For clusters where another operator runs the function: its proxy, and what that needs, are attached to the Function.

import type { KubeObject, TextMap } from '../shared/k8s.ts'
import { annotation } from './annotations.ts'
import type { Cluster } from './cluster.ts'
import type { Fn } from './function.ts'
import { selector, serviceHost, workloadName } from './names.ts'
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
    attachments: attachments.map((child) => forTheirPods(child, fn)),
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

/** The Service that names their pods, and the policy that lets them call Dapr's API, go by their labels. */
function forTheirPods(child: KubeObject, fn: Fn): KubeObject {
  const labels = theirLabels(fn)
  if (labels === undefined) return child
  const spec = child.spec as { ingress?: readonly Rule[] }
  if (child.kind === 'Service' && child.metadata.name === workloadName(fn, 'function')) {
    return { ...child, spec: { ...spec, selector: labels } }
  }
  if (child.kind !== 'NetworkPolicy' || spec.ingress === undefined) return child
  const ours = JSON.stringify(selector(fn, 'function'))
  const isOurs = ({ podSelector }: Peer) => JSON.stringify(podSelector?.matchLabels) === ours
  const ingress = spec.ingress.map((rule) => ({
    ...rule,
    from: rule.from.map((peer) => (isOurs(peer) ? { podSelector: { matchLabels: labels } } : peer)),
  }))
  return { ...child, spec: { ...spec, ingress } }
}

interface Peer {
  readonly podSelector?: { readonly matchLabels?: TextMap }
}

interface Rule {
  readonly from: readonly Peer[]
}

/** Labels of the pods that the other operator makes: `app=orders,tier=back` in an annotation of the Function. */
function theirLabels({ annotations }: Fn): TextMap | undefined {
  const text = annotations[annotation.selector]
  if (text === undefined) return undefined
  const pairs = text.split(',').map((pair) => pair.trim().split('='))
  return Object.fromEntries(pairs.map(([key = '', value = '']) => [key, value]))
}

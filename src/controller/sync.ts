// SyncRequest → SyncResponse: check, render, leave out what may not be made, say how it stands.

import type { Problem } from '../shared/func-context.ts'
import type { KubeObject } from '../shared/k8s.ts'
import type { Yardstick } from './accept.ts'
import { sameAppId } from './app-ids.ts'
import { type Cluster, isThere } from './cluster.ts'
import { guarantees } from './delivery/delivery.ts'
import { type ChildKind, isDeclared } from './kinds.ts'
import { fieldsLeftOut } from './left-out.ts'
import { lookAtReferences } from './references.ts'
import { wantedChildren } from './render.ts'
import { mustGoFirst } from './replaced.ts'
import { sourceOf, summary } from './source.ts'
import { type FunctionStatus, functionStatus } from './status.ts'
import type { SyncRequest } from './sync-request.ts'

export interface SyncResponse {
  readonly status: FunctionStatus
  readonly children: readonly KubeObject[]
}

export type SyncResult =
  | { readonly kind: 'synced'; readonly response: SyncResponse; readonly problems: readonly Problem[] }
  /** The only safe answer is an error: Metacontroller then leaves all children alone. */
  | { readonly kind: 'refused'; readonly reason: string }

/** What a request says of its cluster. */
export const clusterOf = ({ parent, children, declared, related }: SyncRequest, { settings }: Yardstick): Cluster => ({
  settings,
  makes: (kind) => isDeclared(kind, declared),
  observed: children,
  related: mapValues(related, (objects) =>
    objects.filter(({ metadata }) => metadata.namespace === parent.metadata.namespace),
  ),
})

const mapValues = <T>(map: Readonly<Record<string, T>>, change: (value: T) => T): Readonly<Record<string, T>> =>
  Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value)]))

export function sync(request: SyncRequest, yardstick: Yardstick): SyncResult {
  const { parent, children: observed } = request
  const cluster = clusterOf(request, yardstick)
  const { source, problems } = sourceOf(parent, yardstick)
  if (source === undefined && observed.length > 0) {
    return { kind: 'refused', reason: `the Function is invalid and no accepted spec is known: ${summary(problems)}` }
  }
  const wanted = source ? wantedChildren(source.fn, cluster) : []
  const made = wanted.filter(({ kind }) => cluster.makes(kind as ChildKind))
  const leftOut = [
    ...(source ? fieldsLeftOut(source.fn, source.accepted.spec, cluster) : []),
    ...kindsOf(wanted.filter(({ kind }) => !cluster.makes(kind as ChildKind))),
  ]
  const waitedFor = made.filter((child) => !isThere(child, cluster))
  const facts = {
    fn: source?.fn,
    accepted: source?.accepted,
    problems,
    leftOut,
    observed,
    waitedFor,
    references: source && lookAtReferences(source.fn, cluster.related, yardstick.settings.checkSecrets),
    sameAppId: source && sameAppId(source.fn, cluster.related, yardstick.checkShape),
    guarantees: source ? guarantees(source.fn, cluster.related, cluster.makes('Resiliency')) : [],
  }
  const response = {
    status: functionStatus(facts, yardstick.settings),
    children: made.filter((child) => !mustGoFirst(child, observed)),
  }
  return { kind: 'synced', response, problems }
}

const kindsOf = (children: readonly KubeObject[]): string[] =>
  [...new Set(children.map(({ apiVersion, kind }) => `kind ${kind} (${apiVersion})`))].map(
    (kind) => `${kind}, which the CompositeController does not declare`,
  )

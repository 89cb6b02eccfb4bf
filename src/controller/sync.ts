// SyncRequest → SyncResponse: check, render, leave out what may not be made, say how it stands.

import type { Problem } from '../shared/func-context.ts'
import type { KubeObject, ObjectMeta } from '../shared/k8s.ts'
import { acceptFunction, type Yardstick } from './accept.ts'
import { annotation } from './annotations.ts'
import type { Cluster } from './cluster.ts'
import { type Guarantee, guarantees } from './delivery/delivery.ts'
import type { Fn, FunctionObject, TextMap } from './function.ts'
import { type ChildKind, isDeclared } from './kinds.ts'
import { fieldsLeftOut } from './left-out.ts'
import { wantedChildren } from './render.ts'
import { targetedByOthers } from './resiliencies.ts'
import { type Accepted, type FunctionStatus, functionStatus } from './status.ts'
import type { SyncRequest } from './sync-request.ts'

export interface SyncResponse {
  readonly status: FunctionStatus
  readonly children: readonly KubeObject[]
}

export type SyncResult =
  | { readonly kind: 'synced'; readonly response: SyncResponse; readonly isAccepted: boolean }
  /** The only safe answer is an error: Metacontroller then leaves all children alone. */
  | { readonly kind: 'refused'; readonly reason: string }

export type SyncOptions = Yardstick

export function sync({ parent, children: observed, declared, related }: SyncRequest, options: SyncOptions): SyncResult {
  const { settings } = options
  const verdict = acceptFunction(parent, options)
  const problems = verdict.kind === 'rejected' ? verdict.problems : []
  const source = verdict.kind === 'accepted' ? snapshot(verdict.fn, verdict.object) : lastAccepted(parent, options)
  if (source === undefined && observed.length > 0) {
    return { kind: 'refused', reason: `the Function is invalid and no accepted spec is known: ${summary(problems)}` }
  }
  const makes = (kind: ChildKind) => isDeclared(kind, declared)
  const cluster: Cluster = { settings, makes, observed, related }
  const wanted = source ? wantedChildren(source.fn, cluster) : []
  const made = wanted.filter(({ kind }) => makes(kind as ChildKind))
  const leftOut = [
    ...(source ? fieldsLeftOut(source.fn, source.accepted.spec, cluster) : []),
    ...kindsOf(wanted.filter((child) => !made.includes(child))),
  ]
  const facts = {
    guarantees: source ? guaranteesOf(source.fn, cluster) : [],
    fn: source?.fn,
    accepted: source?.accepted,
    problems,
    leftOut,
    observed,
  }
  return {
    kind: 'synced',
    response: {
      status: functionStatus(facts, settings),
      children: made.filter((child) => !mustGoFirst(child, observed)),
    },
    isAccepted: problems.length === 0,
  }
}

function guaranteesOf(fn: Fn, cluster: Cluster): Guarantee[] {
  const others = targetedByOthers(fn, cluster.related)
  return guarantees(fn, cluster.related, (component) => cluster.makes('Resiliency') && !others.has(component))
}

interface Source {
  readonly fn: Fn
  readonly accepted: Accepted
}

function snapshot(fn: Fn, { metadata, spec }: FunctionObject): Source {
  const annotations = pick(fn.annotations, [annotation.plugins, annotation.tracing])
  const accepted = { generation: metadata.generation ?? 0, spec, ...(annotations && { annotations }) }
  return { fn, accepted }
}

function pick(map: TextMap, keys: readonly string[]): TextMap | undefined {
  const found = keys.filter((key) => Object.hasOwn(map, key))
  return found.length > 0 ? Object.fromEntries(found.map((key) => [key, map[key] ?? ''])) : undefined
}

/** What was last accepted, through the same checks as any spec: a status can be written by others. */
function lastAccepted(parent: KubeObject, options: SyncOptions): Source | undefined {
  const accepted = (parent.status as { accepted?: Partial<Accepted> } | null | undefined)?.accepted
  if (!accepted?.spec) return undefined
  const { name, namespace } = parent.metadata
  const metadata: ObjectMeta = {
    name,
    ...(namespace !== undefined && { namespace }),
    generation: accepted.generation ?? 0,
    annotations: accepted.annotations ?? {},
  }
  const { apiVersion, kind } = parent
  const verdict = acceptFunction({ apiVersion, kind, metadata, spec: accepted.spec }, options)
  return verdict.kind === 'accepted' ? snapshot(verdict.fn, verdict.object) : undefined
}

/**
 * A Service cannot become headless or cease to be: the API server refuses the change for ever. So it is left out of one
 * reply, which deletes it, and made anew by the next. Meanwhile the proxy holds events.
 */
function mustGoFirst(child: KubeObject, observed: readonly KubeObject[]): boolean {
  if (child.kind !== 'Service') return false
  const old = observed.find(({ kind, metadata }) => kind === 'Service' && metadata.name === child.metadata.name)
  return old !== undefined && isHeadless(old) !== isHeadless(child)
}

const isHeadless = (service: KubeObject): boolean =>
  (service.spec as { clusterIP?: string } | undefined)?.clusterIP === 'None'

const kindsOf = (children: readonly KubeObject[]): string[] =>
  [...new Set(children.map(({ apiVersion, kind }) => `kind ${kind} (${apiVersion})`))].map(
    (kind) => `${kind}, which the CompositeController does not declare`,
  )

function summary(problems: readonly Problem[]): string {
  const text = problems.map(({ field, message }) => `${field} ${message}`).join('; ')
  return text.length > 500 ? `${text.slice(0, 499)}…` : text
}

// The spec that children are made from: the present one if it is valid, else the one that was last accepted.

import type { Problem } from '../shared/func-context.ts'
import type { KubeObject, ObjectMeta, TextMap } from '../shared/k8s.ts'
import { acceptFunction, type Yardstick } from './accept.ts'
import { annotation } from './annotations.ts'
import type { Fn, FunctionObject, FunctionSpec } from './function.ts'

/** The spec that children are made from, kept in the status so that they survive a later spec that is rejected. */
export interface Accepted {
  readonly generation: number
  readonly spec: FunctionSpec
  /** The annotations of the Function that its children follow from. */
  readonly annotations?: TextMap
}

export interface Source {
  readonly fn: Fn
  readonly accepted: Accepted
}

/** `source` is undefined if no spec was ever accepted; `problems` are those of the present one. */
export function sourceOf(parent: KubeObject, yardstick: Yardstick): { source?: Source; problems: readonly Problem[] } {
  const verdict = acceptFunction(parent, yardstick)
  if (verdict.kind === 'accepted') return { source: snapshot(verdict.fn, verdict.object), problems: [] }
  const source = lastAccepted(parent, yardstick)
  return { ...(source && { source }), problems: verdict.problems }
}

const kept = [annotation.plugins, annotation.tracing, annotation.selector]

function snapshot(fn: Fn, { metadata, spec }: FunctionObject): Source {
  const found = kept.filter((key) => Object.hasOwn(fn.annotations, key))
  const annotations = Object.fromEntries(found.map((key) => [key, fn.annotations[key] ?? '']))
  return { fn, accepted: { generation: metadata.generation ?? 0, spec, ...(found.length > 0 && { annotations }) } }
}

/** Through the same checks as any spec: a status can be written by others. */
function lastAccepted(parent: KubeObject, yardstick: Yardstick): Source | undefined {
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
  const verdict = acceptFunction({ apiVersion, kind, metadata, spec: accepted.spec }, yardstick)
  return verdict.kind === 'accepted' ? snapshot(verdict.fn, verdict.object) : undefined
}

/** All problems in one line of at most 500 characters. */
export function summary(problems: readonly Problem[]): string {
  const text = problems.map(({ field, message }) => `${field} ${message}`).join('; ')
  return text.length > 500 ? `${text.slice(0, 499)}…` : text
}

// The four questions of Metacontroller, each from unknown JSON to its answer.

import type { Problem } from '../shared/func-context.ts'
import type { Yardstick } from './accept.ts'
import { relatedRules } from './customize.ts'
import { decorate } from './decorate.ts'
import { finalize } from './finalize.ts'
import type { ChildKind } from './kinds.ts'
import { mustGoFirst } from './replaced.ts'
import { sourceOf, summary } from './source.ts'
import { clusterOf, sync } from './sync.ts'
import { parseSyncRequest, type SyncRequest } from './sync-request.ts'

export interface Answer {
  readonly body: object
  /** Problems of the Function, where it is invalid. */
  readonly problems: readonly Problem[]
}

/** An error is the only answer after which Metacontroller touches nothing. */
export interface Refusal {
  readonly status: 400 | 422
  readonly text: string
}

export type HookName = 'sync' | 'finalize' | 'customize' | 'decorate'
export interface Asked extends Yardstick {
  /** The time, for the one hook that waits. */
  readonly nowMs: number
}

export function answer(hook: HookName, body: unknown, asked: Asked): Answer | Refusal {
  const request = parseSyncRequest(hook === 'decorate' ? asComposite(body) : body)
  return typeof request === 'string' ? { status: 400, text: request } : hooks[hook](request, asked)
}

const hooks: Readonly<Record<HookName, (request: SyncRequest, asked: Asked) => Answer | Refusal>> = {
  sync: (request, asked) => {
    const result = sync(request, asked)
    if (result.kind === 'refused') return { status: 422, text: result.reason }
    return { body: result.response, problems: result.problems }
  },
  finalize: (request, asked) => {
    const { source } = sourceOf(request.parent, asked)
    const cluster = clusterOf(request, asked)
    const { children, ...rest } = finalize(request.parent, source?.fn, cluster, asked.nowMs)
    return {
      body: { ...rest, children: children.filter(({ kind }) => cluster.makes(kind as ChildKind)) },
      problems: [],
    }
  },
  customize: ({ parent }, asked) => {
    const { source } = sourceOf(parent, asked)
    return { body: { relatedResources: source ? relatedRules(source.fn, asked.settings) : [] }, problems: [] }
  },
  decorate: (request, asked) => {
    const { source, problems } = sourceOf(request.parent, asked)
    if (source === undefined || problems.length > 0) {
      // The status, where an accepted spec could be kept, is another operator's.
      return { status: 422, text: `the Function is invalid: ${summary(problems)}` }
    }
    const cluster = clusterOf(request, asked)
    const { annotations, attachments } = decorate(source.fn, cluster)
    return {
      body: {
        annotations,
        attachments: attachments
          .filter(({ kind }) => cluster.makes(kind as ChildKind))
          .filter((child) => !mustGoFirst(child, request.children)),
      },
      problems,
    }
  },
}

/** A decorator calls the same things by other names. */
function asComposite(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body
  const { object, attachments, controller, ...rest } = body as Record<string, unknown>
  const spec = (controller as { spec?: { attachments?: unknown } } | undefined)?.spec
  return { ...rest, parent: object, children: attachments, controller: { spec: { childResources: spec?.attachments } } }
}

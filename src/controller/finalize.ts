// What goes first when a Function is deleted: the proxy, which still holds events, and then the function that takes them.

import type { KubeObject } from '../shared/k8s.ts'
import type { Cluster } from './cluster.ts'
import type { Fn } from './function.ts'
import { workloadName } from './names.ts'
import { wantedChildren } from './render.ts'

export interface FinalizeReply {
  readonly children: readonly KubeObject[]
  readonly finalized: boolean
  readonly resyncAfterSeconds?: number
}

/** However stuck a pod is, a Function is gone after this time. */
const longestSeconds = 300
/** How soon to look again where nothing says when. */
const usualSeconds = 5

const done: FinalizeReply = { children: [], finalized: true }

/**
 * All children but the proxy stay until its pods are gone; the garbage collector takes them with the Function. `fn` is undefined where
 * nothing is known that could be rendered: then nothing is waited for.
 */
export function finalize(parent: KubeObject, fn: Fn | undefined, cluster: Cluster, nowMs: number): FinalizeReply {
  if (fn === undefined || fn.mode !== 'standalone') return done
  const deletedAtMs = timeMs(parent.metadata.deletionTimestamp) ?? nowMs
  if (nowMs - deletedAtMs > longestSeconds * 1000) return done
  const proxy = workloadName(fn, 'proxy')
  const isDeployed = (cluster.observed ?? []).some(
    ({ kind, metadata }) => kind === 'Deployment' && metadata.name === proxy,
  )
  const living = (cluster.related.Pod ?? []).filter(({ metadata }) => !isOver(metadata.deletionTimestamp, nowMs))
  if (!isDeployed && living.length === 0) return done
  const isProxy = ({ kind, metadata }: KubeObject) => metadata.name === proxy && leaving.has(kind)
  const children = wantedChildren(fn, cluster).filter((child) => !isProxy(child))
  return { children, finalized: false, resyncAfterSeconds: secondsUntilOver(living, nowMs) }
}

const leaving: ReadonlySet<string> = new Set(['Deployment', 'PodDisruptionBudget'])

/** A pod's deletionTimestamp is the end of its grace: whatever is listed after it has stopped. */
function isOver(timestamp: string | undefined, nowMs: number): boolean {
  const overMs = timeMs(timestamp)
  return overMs !== undefined && overMs < nowMs
}

function secondsUntilOver(pods: readonly KubeObject[], nowMs: number): number {
  const ends = pods.map(({ metadata }) => timeMs(metadata.deletionTimestamp)).filter((ms) => ms !== undefined)
  return Math.max(1, Math.min(usualSeconds, ...ends.map((ms) => Math.ceil((ms - nowMs) / 1000) + 1)))
}

/** `timestamp` is of an object of somebody else: it may be anything. */
function timeMs(timestamp: unknown): number | undefined {
  if (typeof timestamp !== 'string') return undefined
  // biome-ignore lint/style/noRestrictedGlobals: it reads the text, not the clock.
  const ms = Date.parse(timestamp)
  return Number.isNaN(ms) ? undefined : ms
}

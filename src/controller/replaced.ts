// Children that cannot be changed where they are. Such a child is left out of one reply, which deletes it, and made anew by the next.

import type { KubeObject } from '../shared/k8s.ts'
import { annotation } from './annotations.ts'
import { find } from './cluster.ts'

/** Meanwhile the proxy holds events, and a new pod with daprd waits. */
export function mustGoFirst(child: KubeObject, observed: readonly KubeObject[]): boolean {
  const old = find(observed, child.kind, child.metadata.name)
  if (old === undefined) return false
  // The API server refuses for ever what would make a Service headless, or no longer so.
  if (child.kind === 'Service') return isHeadless(old) !== isHeadless(child)
  return child.kind === 'Configuration' && rulesOf(old) !== rulesOf(child)
}

const isHeadless = (service: KubeObject): boolean =>
  (service.spec as { clusterIP?: string } | undefined)?.clusterIP === 'None'

/**
 * The rules for Dapr's API have a name more than once: for HTTP and for gRPC, stable and alpha. Metacontroller takes a list of names for
 * a map (pkg/dynamic/apply, mergeListMap), and an update would put the last rule of a name in place of each. So it is told not to update
 * Configurations (OnDelete), and one whose rules are not those that are wanted goes.
 */
function rulesOf({ metadata, spec }: KubeObject): string {
  const { allowed } = (spec as { api?: { allowed?: unknown } } | undefined)?.api ?? {}
  const rules = (Array.isArray(allowed) ? allowed : []).map((rule) =>
    [rule?.protocol, rule?.version, rule?.name].join(' '),
  )
  return [metadata.annotations?.[annotation.content], ...rules].join('\n')
}

// Children that cannot be changed where they are. Such a child is left out of one reply, which deletes it, and made anew by the next.

import type { KubeObject } from '../shared/k8s.ts'
import { find } from './cluster.ts'

/** The API server refuses for ever what would make a Service headless, or no longer so. Meanwhile the proxy holds events. */
export function mustGoFirst(child: KubeObject, observed: readonly KubeObject[]): boolean {
  if (child.kind !== 'Service') return false
  const old = find(observed, child.kind, child.metadata.name)
  return old !== undefined && isHeadless(old) !== isHeadless(child)
}

const isHeadless = (service: KubeObject): boolean =>
  (service.spec as { clusterIP?: string } | undefined)?.clusterIP === 'None'

// Resiliencies of others that speak of this Function's inputs: daprd merges all of them, and the last one wins silently.

import type { Related } from './cluster.ts'
import type { Fn } from './function.ts'

/** Names of the components that another Resiliency retries for this app-id, with the name of that Resiliency. */
export function targetedByOthers(fn: Fn, { Resiliency = [] }: Related): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const { metadata, spec, scopes } of Resiliency) {
    const isOurs = metadata.name === fn.name
    const isForUs = !Array.isArray(scopes) || scopes.length === 0 || scopes.includes(fn.appId)
    if (isOurs || !isForUs) continue
    const { targets } = (spec ?? {}) as { targets?: { components?: Record<string, { inbound?: unknown } | null> } }
    for (const [component, target] of Object.entries(targets?.components ?? {})) {
      if (target?.inbound) found.set(component, metadata.name)
    }
  }
  return found
}

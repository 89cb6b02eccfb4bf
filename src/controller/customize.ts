// Which objects of others Metacontroller is to bring along: those that a Function refers to, and no more. From the spec alone.

import { namesAppId } from './app-ids.ts'
import { type Fn, functionApiVersion } from './function.ts'
import { selector } from './names.ts'
import { componentReferences, type Reference, secretReferences } from './references.ts'
import type { Settings } from './settings.ts'

/** A rule of Metacontroller's customize hook. */
export interface RelatedRule {
  readonly apiVersion: string
  readonly resource: string
  readonly namespace?: string
  readonly names?: readonly string[]
  readonly labelSelector?: object
}

export function relatedRules(fn: Fn, settings: Settings): RelatedRule[] {
  if (!fn.isServed) return []
  const { namespace } = fn
  const dapr = { apiVersion: 'dapr.io/v1alpha1', namespace }
  const components = namesOf(componentReferences(fn))
  const secrets = settings.checkSecrets ? namesOf(secretReferences(fn)) : []
  const labelSelector = { matchLabels: selector(fn, 'proxy') }
  return [
    ...(components.length > 0 ? [{ ...dapr, resource: 'components', names: components }] : []),
    // Any Resiliency of the namespace may speak of our inputs.
    ...(fn.isAsync && fn.mode !== 'none' ? [{ ...dapr, resource: 'resiliencies' }] : []),
    // Whether they are gone decides when the function may go. Older Metacontrollers take no namespace beside a selector.
    ...(fn.mode === 'standalone' ? [{ apiVersion: 'v1', resource: 'pods', labelSelector }] : []),
    // Every one of the namespace: costly where there are many, so only where an app-id is named.
    ...(namesAppId(fn) ? [{ apiVersion: functionApiVersion, resource: 'functions', namespace }] : []),
    ...(secrets.length > 0 ? [{ apiVersion: 'v1', resource: 'secrets', namespace, names: secrets }] : []),
  ]
}

const namesOf = (references: readonly Reference[]): string[] => [...new Set(references.map(({ name }) => name))]

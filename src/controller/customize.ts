// Which objects of others Metacontroller is to bring along: those that a Function refers to, and no more. From the spec alone.

import { inlineComponents, resolveComponent } from './components.ts'
import type { Fn } from './function.ts'
import { selector } from './names.ts'
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
  if (!fn.isServed || fn.mode === 'none') return []
  const { namespace } = fn
  const dapr = { apiVersion: 'dapr.io/v1alpha1', namespace }
  const components = referencedComponents(fn)
  const secrets = settings.checkSecrets ? referencedSecrets(fn) : []
  const labelSelector = { matchLabels: selector(fn, 'proxy') }
  return [
    ...(components.length > 0 ? [{ ...dapr, resource: 'components', names: components }] : []),
    // Any Resiliency of the namespace may speak of our inputs.
    ...(fn.isAsync ? [{ ...dapr, resource: 'resiliencies' }] : []),
    // Whether they are gone decides when the function may go. Older Metacontrollers take no namespace beside a selector.
    ...(fn.mode === 'standalone' ? [{ apiVersion: 'v1', resource: 'pods', labelSelector }] : []),
    ...(secrets.length > 0 ? [{ apiVersion: 'v1', resource: 'secrets', namespace, names: secrets }] : []),
  ]
}

/** Components of the namespace that inputs and outputs name. */
export function referencedComponents({ name, serving }: Fn): string[] {
  const inline = new Set(inlineComponents(name, serving).map((component) => component.name))
  const named = [...(serving.inputs ?? []), ...(serving.outputs ?? [])].map(
    (io) => resolveComponent(name, serving, io).name,
  )
  return distinct(named.filter((each) => !inline.has(each)))
}

/** Secrets that the Function names itself: to pull its image, and in its components. */
export function referencedSecrets(fn: Fn): string[] {
  const items = inlineComponents(fn.name, fn.serving).flatMap(({ spec }) => spec.metadata)
  const refs = items.map((item) => (item.secretKeyRef as { name?: string } | undefined)?.name)
  return distinct([fn.pullSecret, ...refs].filter((name): name is string => name !== undefined && name !== ''))
}

const distinct = (names: readonly string[]): string[] => [...new Set(names)].sort()

// The components that a Function's events come from, with all that is known of them.

import { find, type Related } from './cluster.ts'
import { inlineComponents, resolveComponent } from './components.ts'
import type { ComponentSpec, DaprIO, Fn } from './function.ts'
import { oncePerPair } from './once-per.ts'

export interface InputComponent {
  /** As the cluster calls it. */
  readonly name: string
  /** Such as `pubsub.redis`; undefined if the component is the namespace's and nobody looked at it. */
  readonly type: string | undefined
  /** Its metadata, as far as it is known. */
  readonly metadata: ComponentSpec['metadata']
  readonly isInline: boolean
  /** Where daprd publishes what still failed, for each of its topics. All of them have one or none has. */
  readonly deadLetterTopics: readonly string[]
  /** `spec.serving.inputs[0]`: the first input that names it. */
  readonly field: string
}

/**
 * OpenFunction has no field for it, and passes over the params of an input. In standalone mode alone: there the proxy says what is
 * subscribed to, elsewhere the function's own framework does.
 */
export function deadLetterTopicOf(fn: Fn, io: DaprIO): string | undefined {
  const isTopic = resolveComponent(fn.name, fn.serving, io).type.startsWith('pubsub')
  return fn.mode === 'standalone' && isTopic ? io.params?.deadLetterTopic : undefined
}

/** In the order of their names, each once. Only an async function gets events. Half of the children ask for them. */
export const inputComponents = oncePerPair((fn: Fn, related: Related): readonly InputComponent[] => {
  const inline = new Map(inlineComponents(fn.name, fn.serving).map(({ name, spec }) => [name, spec]))
  return uses(fn).map(([name, { field, deadLetterTopics }]) => {
    const own = inline.get(name)
    const spec = own ?? (find(related.Component ?? [], 'Component', name)?.spec as Partial<ComponentSpec> | undefined)
    const metadata = Array.isArray(spec?.metadata) ? spec.metadata : []
    const type = typeof spec?.type === 'string' ? spec.type : undefined
    return { name, type, metadata, isInline: own !== undefined, deadLetterTopics, field }
  })
})

interface Use {
  readonly field: string
  readonly deadLetterTopics: string[]
}

/** What the inputs say of each component, by the order of its name. */
function uses(fn: Fn): [string, Use][] {
  const byName = new Map<string, Use>()
  const inputs = fn.isAsync ? (fn.serving.inputs ?? []) : []
  inputs.forEach((io, index) => {
    const { name } = resolveComponent(fn.name, fn.serving, io)
    const use = byName.get(name) ?? { field: `spec.serving.inputs[${index}]`, deadLetterTopics: [] }
    byName.set(name, use)
    const topic = deadLetterTopicOf(fn, io)
    if (topic !== undefined) use.deadLetterTopics.push(topic)
  })
  return [...byName].sort(([a], [b]) => (a < b ? -1 : 1))
}

// The components that a Function's events come from, with all that is known of them.

import { find, type Related } from './cluster.ts'
import { inlineComponents, resolveComponent } from './components.ts'
import type { ComponentSpec, DaprIO, Fn } from './function.ts'

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

/** In the order of their names, each once. Only an async function gets events. */
export function inputComponents(fn: Fn, related: Related): InputComponent[] {
  const inputs = fn.isAsync ? (fn.serving.inputs ?? []) : []
  const inline = inlineComponents(fn.name, fn.serving)
  const byName = new Map<string, InputComponent>()
  inputs.forEach((io, index) => {
    const { name } = resolveComponent(fn.name, fn.serving, io)
    if (byName.has(name)) return
    const own = inline.find((each) => each.name === name)
    const spec =
      own?.spec ?? (find(related.Component ?? [], 'Component', name)?.spec as Partial<ComponentSpec> | undefined)
    const metadata = Array.isArray(spec?.metadata) ? spec.metadata : []
    const type = typeof spec?.type === 'string' ? spec.type : undefined
    const deadLetterTopics = inputs
      .filter((other) => resolveComponent(fn.name, fn.serving, other).name === name)
      .flatMap((other) => deadLetterTopicOf(fn, other) ?? [])
    const field = `spec.serving.inputs[${index}]`
    byName.set(name, { name, type, metadata, isInline: own !== undefined, deadLetterTopics, field })
  })
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

// The components that a Function's events come from, with all that is known of them.

import { find, type Related } from './cluster.ts'
import { inlineComponents, resolveComponent } from './components.ts'
import type { ComponentSpec, Fn } from './function.ts'

export interface InputComponent {
  /** As the cluster calls it. */
  readonly name: string
  /** Such as `pubsub.redis`; undefined if the component is the namespace's and nobody looked at it. */
  readonly type: string | undefined
  /** Its metadata, as far as it is known. */
  readonly metadata: ComponentSpec['metadata']
  readonly isInline: boolean
  /** `spec.serving.inputs[0]`: the first input that names it. */
  readonly field: string
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
    byName.set(name, { name, type, metadata, isInline: own !== undefined, field: `spec.serving.inputs[${index}]` })
  })
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

// Which Dapr Component an input, output or state of a Function means, and what it is called in the cluster.

import type { ComponentMap, ComponentSpec, DaprIO, Serving } from './function.ts'
import { type ComponentKind, componentName } from './names.ts'

export const componentKinds: readonly ComponentKind[] = ['bindings', 'pubsub', 'states']

export interface InlineComponent {
  readonly kind: ComponentKind
  /** As the user calls it. */
  readonly key: string
  /** As the cluster calls it. */
  readonly name: string
  readonly spec: ComponentSpec
}

/** All components that a Function declares itself, in a fixed order. */
export function inlineComponents(functionName: string, serving: Serving): InlineComponent[] {
  return componentKinds.flatMap((kind) =>
    Object.entries(serving[kind] ?? {})
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, spec]) => ({ kind, key, name: componentName(functionName, kind, key), spec })),
  )
}

/** The component behind an input or output: declared inline, else one of the namespace that is used under its own name. */
export function resolveComponent(functionName: string, serving: Serving, io: DaprIO): { name: string; type: string } {
  for (const kind of ['bindings', 'pubsub'] as const) {
    const spec = own(serving[kind], io.component)
    if (spec) return { name: componentName(functionName, kind, io.component), type: spec.type }
  }
  return { name: io.component, type: io.topic ? 'pubsub' : 'bindings' }
}

/** An entry of a map that a user wrote; `constructor` and the like are no entries. */
export function own(map: ComponentMap | undefined, key: string): ComponentSpec | undefined {
  return map && Object.hasOwn(map, key) ? map[key] : undefined
}

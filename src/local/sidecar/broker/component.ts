// A Dapr Component as the sidecar needs it, and which components stand for one and the same broker.

import type { FuncContext } from '../../../shared/func-context.ts'
import type { KubeObject } from '../../../shared/k8s.ts'

export interface Component {
  readonly name: string
  readonly type: string
  readonly version: string
  /** Values as text; a reference to a Secret is the JSON of the reference, as the Secret itself is not at hand. */
  readonly metadata: Readonly<Record<string, string>>
  /** Present if no child declares it: it would be in the cluster already, and only its name says which one it is. */
  readonly undeclared?: true
}

/** Reads a Component that the controller rendered. */
export function componentOf(child: KubeObject): Component {
  const spec = (child.spec ?? {}) as { type?: unknown; version?: unknown; metadata?: readonly MetadataItem[] }
  const items = spec.metadata ?? []
  return {
    name: child.metadata.name,
    type: String(spec.type ?? ''),
    version: String(spec.version ?? 'v1'),
    metadata: Object.fromEntries(items.map((item) => [item.name, textOf(item)])),
  }
}

interface MetadataItem {
  readonly name: string
  readonly value?: unknown
  readonly secretKeyRef?: unknown
}

function textOf({ value, secretKeyRef }: MetadataItem): string {
  if (typeof value === 'string') return value
  return JSON.stringify(value ?? secretKeyRef ?? '')
}

/** Components that FUNC_CONTEXT names and no child declares: locally they exist by their name alone. */
export function undeclaredComponents(context: FuncContext, declared: readonly Component[]): Component[] {
  const found = new Map<string, Component>()
  const used = [context.inputs, context.outputs, context.states].flatMap((each) => Object.values(each ?? {}))
  for (const { componentName, componentType } of used) {
    if (declared.some(({ name }) => name === componentName)) continue
    const component = {
      name: componentName,
      type: componentType,
      version: 'v1',
      metadata: {},
      undeclared: true as const,
    }
    found.set(componentName, component)
  }
  return [...found.values()]
}

export const familyOf = (component: Pick<Component, 'type'>): string => component.type.split('.')[0] ?? ''

export const isCron = (component: Component): boolean => component.type === 'bindings.cron'

// Metadata that says who reads and how, not where: it differs between two Functions that share a broker.
const readerKeys = new Set([
  'ackwait',
  'autoack',
  'clientid',
  'concurrency',
  'consumergroup',
  'consumerid',
  'consumeretryenabled',
  'direction',
  'durablename',
  'enabledeadletter',
  'maxackpending',
  'prefetchcount',
  'processingtimeout',
  'queuedepth',
  'queuegroupname',
  'redeliverinterval',
  'requeueinfailure',
  'route',
])

const addressOf = (component: Component): [string, string][] =>
  Object.entries(component.metadata).filter(([key]) => !readerKeys.has(key.toLowerCase()))

/** Two pub/sub or state components with one key are one broker: same type, same metadata. */
export function brokerKey(component: Component): string {
  if (component.undeclared) return JSON.stringify([component.type, component.name])
  return JSON.stringify([component.type, addressOf(component).sort(([a], [b]) => (a < b ? -1 : 1))])
}

/**
 * Whether what is sent to one binding arrives at the other: same type, and no metadata on which they differ. An output
 * and an input of one queue rarely carry the very same keys (`publishTopic` and `topics`), so more cannot be asked.
 */
export function bindingsMeet(output: Component, input: Component): boolean {
  if (output.type !== input.type) return false
  if (output.undeclared || input.undeclared) return output.name === input.name
  const wanted = new Map(addressOf(input))
  return addressOf(output).every(([key, value]) => (wanted.get(key) ?? value) === value)
}

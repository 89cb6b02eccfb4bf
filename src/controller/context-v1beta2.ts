// Function → FUNC_CONTEXT_V1BETA2, as OpenFunction's operator writes it for the frameworks that read it (Java's prefers it).

import { isTopic } from '../shared/func-context.ts'
import { resolveComponent } from './components.ts'
import { stateComponents } from './context.ts'
import type { DaprIO, Fn } from './function.ts'
import { readHooks } from './plugins.ts'

/** The JSON text. Keys of maps are in order, so one Function has one text. */
export function serializeContextV1beta2(fn: Fn): string {
  const outputs = fn.serving.outputs ?? []
  const states = stateComponents(fn)
  return JSON.stringify({
    name: fn.name,
    version: fn.version,
    triggers: fn.isAsync
      ? { dapr: (fn.serving.inputs ?? []).map((io) => trigger(fn, io)) }
      : { http: { port: fn.port } },
    // By the name of the component, as the operator has it: of two outputs to one component the later one stays.
    ...(outputs.length > 0 && { outputs: inOrder(outputs.map((io) => [io.component, output(fn, io)])) }),
    ...(states && { states: inOrder(Object.entries(states)) }),
    ...readHooks(fn.annotations),
  })
}

function trigger(fn: Fn, io: DaprIO): object {
  const { name, type } = resolveComponent(fn.name, fn.serving, io)
  return { name, type, ...(io.topic && { topic: io.topic }), inputName: io.name }
}

/** With the topic, which the operator forgets. */
function output(fn: Fn, io: DaprIO): object {
  const { name: componentName, type: componentType } = resolveComponent(fn.name, fn.serving, io)
  const topic = isTopic({ componentName, componentType }) ? io.topic : undefined
  const params = Object.entries(io.params ?? {})
  return {
    componentName,
    componentType,
    ...(topic && { topic }),
    ...(params.length > 0 && { metadata: inOrder(params) }),
    ...(io.operation && { operation: io.operation }),
  }
}

const inOrder = <T>(entries: readonly (readonly [string, T])[]): Record<string, T> =>
  Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)))

// Function → FUNC_CONTEXT, key by key as OpenFunction's operator writes it and its frameworks read it.

import { type ContextComponent, type ContextState, type FuncContext, isTopic } from '../shared/func-context.ts'
import { inlineComponents, resolveComponent } from './components.ts'
import type { DaprIO, Fn } from './function.ts'
import { deadLetterTopicOf } from './inputs.ts'
import { readPlugins } from './plugins.ts'

export function funcContext(fn: Fn): FuncContext {
  const { serving } = fn
  // Only an async function gets events, so only it has inputs.
  const inputs = components(fn, fn.isAsync ? serving.inputs : undefined, false)
  const outputs = components(fn, serving.outputs, true)
  const states = stateComponents(fn)
  return {
    name: fn.name,
    version: fn.version,
    runtime: fn.isAsync ? 'Async' : 'Knative',
    port: String(fn.port),
    ...(inputs && { inputs }),
    ...(outputs && { outputs }),
    ...(states && { states }),
    ...readPlugins(fn.annotations).plugins,
  }
}

function components(fn: Fn, list: readonly DaprIO[] = [], isOutput: boolean): FuncContext['inputs'] {
  if (list.length === 0) return undefined
  return Object.fromEntries(list.map((io) => [io.name, component(fn, io, isOutput)]))
}

function component(fn: Fn, io: DaprIO, isOutput: boolean): ContextComponent {
  const { name: componentName, type: componentType } = resolveComponent(fn.name, fn.serving, io)
  const base = { componentName, componentType }
  const uri = isTopic(base) ? io.topic : io.component
  const deadLetterTopic = isOutput ? undefined : deadLetterTopicOf(fn, io)
  const given = isOutput ? io.params : deadLetterTopic && { deadLetterTopic }
  const metadata = given && Object.keys(given).length > 0 ? given : undefined
  const operation = isOutput ? io.operation : undefined
  return { ...(uri && { uri }), ...base, ...(metadata && { metadata }), ...(operation && { operation }) }
}

export function stateComponents(fn: Fn): Record<string, ContextState> | undefined {
  const states = inlineComponents(fn.name, fn.serving).filter(({ kind }) => kind === 'states')
  if (states.length === 0) return undefined
  return Object.fromEntries(
    states.map(({ key, name, spec }) => [key, { componentName: name, componentType: spec.type }]),
  )
}

// Inputs, outputs and the components they refer to: every reference must mean exactly one thing.

import type { Problem } from '../../shared/func-context.ts'
import { componentKinds, inlineComponents, own, resolveComponent } from '../components.ts'
import { type DaprIO, describeFunction, type Fn, type FunctionObject, type Serving } from '../function.ts'
import { deadLetterTopicOf } from '../inputs.ts'
import type { ComponentKind } from '../names.ts'
import { isSubdomain } from './names.ts'

// The first part of a component's type says what it is.
const families: Readonly<Record<ComponentKind, string>> = { bindings: 'bindings', pubsub: 'pubsub', states: 'state' }

export function checkComponents(object: FunctionObject): Problem[] {
  const { metadata, spec } = object
  const { serving } = spec
  if (!serving) return []
  return [
    ...inline(metadata.name, serving),
    ...list(metadata.name, serving, 'inputs'),
    ...list(metadata.name, serving, 'outputs'),
    ...needsInput(serving),
    ...deadLetters(describeFunction(object)),
  ]
}

function inline(functionName: string, serving: Serving): Problem[] {
  return inlineComponents(functionName, serving).flatMap(({ kind, key, name, spec }) => {
    const field = `spec.serving.${kind}${key.includes('.') ? `[${key}]` : `.${key}`}`
    const family = families[kind]
    const problems: Problem[] = []
    if (!isSubdomain(key) || !isSubdomain(name)) {
      problems.push({
        field,
        message:
          'is no name for a Component; use a-z, 0-9, "-" and "." alone, 250 characters with the Function\'s name',
      })
    }
    if (!spec.type.startsWith(`${family}.`)) {
      problems.push({
        field: `${field}.type`,
        message: `must begin with "${family}."; move it to the map of its kind (${componentKinds.join(', ')})`,
      })
    }
    return problems
  })
}

function list(functionName: string, serving: Serving, which: 'inputs' | 'outputs'): Problem[] {
  const seen = new Set<string>()
  return (serving[which] ?? []).flatMap((io, index) => {
    const field = `spec.serving.${which}[${index}]`
    const problems = reference(functionName, serving, io, field)
    if (seen.size === seen.add(io.name).size) {
      problems.push({
        field: `${field}.name`,
        message: `is used by another one of the ${which}; give each its own name`,
      })
    }
    return problems
  })
}

function reference(functionName: string, serving: Serving, io: DaprIO, at: string): Problem[] {
  const field = `${at}.component`
  const [binding, pubsub] = [own(serving.bindings, io.component), own(serving.pubsub, io.component)]
  if (binding && pubsub) {
    return [{ field, message: 'stands in both spec.serving.bindings and spec.serving.pubsub; rename one of them' }]
  }
  if (!binding && !pubsub && !isSubdomain(io.component)) {
    return [
      {
        field,
        message:
          'is neither declared in spec.serving.bindings or spec.serving.pubsub nor a name that a Component could have',
      },
    ]
  }
  const isTopic = resolveComponent(functionName, serving, io).type.startsWith('pubsub')
  return isTopic && !io.topic
    ? [{ field: `${at}.topic`, message: 'is missing; give the topic of the pub/sub component' }]
    : []
}

/** Inputs of one component share its retries, and those before a dead letter are shorter than those without one. */
function deadLetters(fn: Fn): Problem[] {
  const inputs = fn.isAsync ? (fn.serving.inputs ?? []) : []
  const componentOf = (io: DaprIO) => resolveComponent(fn.name, fn.serving, io).name
  const withOne = new Set(inputs.filter((io) => deadLetterTopicOf(fn, io) !== undefined).map(componentOf))
  return inputs.flatMap((io, index) => {
    const field = `spec.serving.inputs[${index}].params.deadLetterTopic`
    const topic = deadLetterTopicOf(fn, io)
    if (topic === undefined && withOne.has(componentOf(io))) {
      return [{ field, message: `is missing; give all inputs of component ${io.component} one, or none` }]
    }
    return topic === '' || (topic !== undefined && topic === io.topic)
      ? [{ field, message: 'must be another topic than that of the input' }]
      : []
  })
}

function needsInput({ runtime, inputs }: Serving): Problem[] {
  if (runtime !== 'async' || (inputs?.length ?? 0) > 0) return []
  const message = 'is missing; an async Function needs an input, or set spec.serving.runtime to knative'
  return [{ field: 'spec.serving.inputs', message }]
}

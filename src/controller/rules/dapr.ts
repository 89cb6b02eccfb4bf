// The annotations that choose mode and protocol, and the ports that a mode leaves free.

import type { Problem } from '../../shared/func-context.ts'
import { annotation } from '../annotations.ts'
import { describeFunction, type FunctionObject } from '../function.ts'
import { daprPorts } from '../names.ts'

export function checkDapr(object: FunctionObject): Problem[] {
  const fn = describeFunction(object)
  const problems = [
    ...oneOf(object, annotation.serviceMode, ['standalone', 'sidecar']),
    ...oneOf(object, annotation.appProtocol, ['grpc', 'http']),
  ]
  if (fn.mode === 'sidecar' && daprPorts.includes(fn.port)) {
    problems.push({
      field: 'spec.port',
      message: `is taken by Dapr in the same pod; use none of ${daprPorts.join(', ')}`,
    })
  }
  return problems
}

function oneOf({ spec }: FunctionObject, name: string, choices: readonly string[]): Problem[] {
  const value = spec.serving?.annotations?.[name]
  if (value === undefined || choices.includes(value)) return []
  return [{ field: `spec.serving.annotations[${name}]`, message: `must be ${choices.join(' or ')}; or remove it` }]
}

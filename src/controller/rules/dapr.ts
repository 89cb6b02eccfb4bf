// The annotations that choose mode and protocol, and the ports that a mode leaves free.

import type { Problem } from '../../shared/func-context.ts'
import { annotation, isOwned } from '../annotations.ts'
import { checkAppProtocol } from '../app-protocol.ts'
import { describeFunction, type FunctionObject } from '../function.ts'
import { daprPorts } from '../names.ts'
import type { Settings } from '../settings.ts'

export function checkDapr(object: FunctionObject, settings: Settings): Problem[] {
  const fn = describeFunction(object)
  const problems = [
    ...oneOf(object, annotation.serviceMode, ['standalone', 'sidecar']),
    ...checkAppProtocol(object.spec.serving?.annotations),
    ...forbidden(object, settings.function.annotations),
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

// What a user may say to daprd. All else of dapr.io could run another image beside the proxy, mount into it or give it another identity.
const forDaprd: ReadonlySet<string> = new Set(
  [
    ...['api-token-secret', 'app-binding-options-timeout', 'app-max-concurrency', 'app-token-secret', 'config'],
    ...['enable-api-logging', 'enable-metrics', 'http-max-request-size', 'http-read-buffer-size', 'log-as-json'],
    ...['log-level', 'max-body-size', 'read-buffer-size', 'sidecar-cpu-limit', 'sidecar-cpu-request'],
    ...['sidecar-memory-limit', 'sidecar-memory-request'],
    ...['liveness', 'readiness'].flatMap((probe) =>
      ['delay-seconds', 'timeout-seconds', 'period-seconds', 'threshold'].map(
        (what) => `sidecar-${probe}-probe-${what}`,
      ),
    ),
  ].map((name) => `dapr.io/${name}`),
)

// Of others' annotations, those that loosen the walls around a pod, and Metacontroller's own.
const walls =
  /^(metacontroller\.k8s\.io|container\.apparmor\.security\.beta\.kubernetes\.io|(container\.)?seccomp\.security\.alpha\.kubernetes\.io|k8s\.v1\.cni\.cncf\.io|sidecar\.istio\.io|traffic\.sidecar\.istio\.io)\//

function forbidden({ spec }: FunctionObject, allowed: readonly string[]): Problem[] {
  return Object.keys(spec.serving?.annotations ?? {})
    .filter((key) => !allowed.includes(key))
    .filter((key) => walls.test(key) || (key.startsWith('dapr.io/') && !forDaprd.has(key) && !isOwned(key)))
    .map((key) => ({
      field: `spec.serving.annotations[${key}]`,
      message: "is not allowed; remove it, or have it allowed by the platform's settings (function.annotations)",
    }))
}

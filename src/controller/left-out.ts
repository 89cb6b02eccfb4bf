// Fields of a Function that change nothing here.

import { annotation, isIgnored } from './annotations.ts'
import type { Cluster } from './cluster.ts'
import type { Fn, FunctionSpec } from './function.ts'
import { deadLetterTopicOf, inputComponents } from './inputs.ts'
import { replicaCaOf } from './replica-ca.ts'
import { targetedByOthers } from './resiliencies.ts'
import { proxyReplicas, scalingOf } from './scaling.ts'

/** Fields that a Function gives and that change nothing, in the order of the schema. */
export function fieldsLeftOut(fn: Fn, spec: FunctionSpec, cluster: Cluster): string[] {
  const { serving } = fn
  const fields: readonly (readonly [string, boolean])[] = [
    ['spec.workloadRuntime', !['', 'OCIContainer', undefined].includes(spec.workloadRuntime as string | undefined)],
    ['spec.build', spec.build !== undefined],
    ['spec.route', spec.route !== undefined],
    ['spec.serving.inputs', !fn.isAsync && (serving.inputs?.length ?? 0) > 0],
    ...inputsLeftOut(fn),
    ['spec.serving.scaleOptions.knative', serving.scaleOptions?.knative !== undefined],
    ...routedBindings(serving).map((key) => [`spec.serving.bindings.${key}.metadata[route]`, true] as const),
    ...annotationsLeftOut(fn).map((key) => [`spec.serving.annotations[${key}]`, true] as const),
    ['spec.serving.timeout', serving.timeout !== undefined],
  ]
  return [
    ...fields.filter(([, isGiven]) => isGiven).map(([field]) => field),
    ...scalingLeftOut(fn, cluster),
    ...resiliencyLeftOut(fn, cluster),
  ]
}

/** OpenFunction reads neither of an input; we read one param. */
function inputsLeftOut(fn: Fn): (readonly [string, boolean])[] {
  return (fn.serving.inputs ?? []).flatMap((io, index): (readonly [string, boolean])[] => {
    const { operation, params } = io
    const field = `spec.serving.inputs[${index}]`
    const others = Object.keys(params ?? {}).filter((key) => key !== 'deadLetterTopic')
    return [
      [`${field}.operation`, operation !== undefined] as const,
      ...(deadLetterTopicOf(fn, io) === undefined
        ? [[`${field}.params`, params !== undefined] as const]
        : others.sort().map((key) => [`${field}.params.${key}`, true] as const)),
    ]
  })
}

/** Those that say something else than what is done. */
function annotationsLeftOut(fn: Fn): string[] {
  const { annotations = {} } = fn.serving
  const done: Readonly<Record<string, string | undefined>> = {
    [annotation.enabled]: String(fn.mode !== 'none'),
    [annotation.appPort]: String(fn.port),
    [annotation.replicaCa]: replicaCaOf(fn),
  }
  return Object.keys(annotations)
    .filter((key) => isIgnored(key) || (Object.hasOwn(done, key) && annotations[key] !== done[key]))
    .sort()
}

/** The path between daprd and the app is the name of the component: that is where the proxy and the frameworks serve it. */
function routedBindings({ bindings = {} }: Fn['serving']): string[] {
  return Object.entries(bindings)
    .filter(([, { metadata }]) => metadata.some(({ name }) => name === 'route'))
    .map(([key]) => key)
    .sort()
}

/** What of its scaling a Function gets otherwise than it says. */
function scalingLeftOut(fn: Fn, cluster: Cluster): string[] {
  const scaling = scalingOf(fn)
  const { settings } = cluster
  const isRaised = scaling.min === 0 && (fn.mode === 'standalone' || scaling.scaler !== 'ScaledObject')
  const isFlat = scaling.scaler === 'none' && scaling.max !== undefined && scaling.max > 1
  const notes: readonly (readonly [string, boolean])[] = [
    [
      'spec.serving.scaleOptions.minReplicas of 0, for which 1 is taken: nothing would wake the function',
      isRaised && scaling.workload !== 'Job',
    ],
    ['spec.serving.scaleOptions.maxReplicas, which is not above minReplicas', isFlat],
    [
      'spec.serving.scaleOptions.maxReplicas, until each container of the template requests CPU',
      scaling.scaler === 'HorizontalPodAutoscaler' && !requestsCpu(fn, cluster),
    ],
    [
      `proxy.replicas of the platform's settings, for an input that more than one proxy would get twice or that nobody knows`,
      fn.mode === 'standalone' && proxyReplicas(fn, cluster) < settings.proxy.replicas,
    ],
  ]
  return notes.filter(([, isTrue]) => isTrue).map(([note]) => note)
}

/** Inputs whose retries somebody else decides. */
function resiliencyLeftOut(fn: Fn, { related }: Cluster): string[] {
  const others = targetedByOthers(fn, related)
  return inputComponents(fn, related)
    .filter(({ name }) => others.has(name))
    .map(({ name }) => `our retries of Component ${name}, which Resiliency ${others.get(name)} targets too`)
}

/** A HorizontalPodAutoscaler measures the share of what is requested. */
function requestsCpu({ serving }: Fn, { settings }: Cluster): boolean {
  const containers = serving.template?.containers ?? []
  const fallback = settings.function.resources.requests?.cpu
  const isOwn = (name: string) => name === 'function'
  const own = containers.some(({ name }) => isOwn(name)) ? [] : [fallback]
  const requested = containers.map(({ name, resources }) => {
    const { requests } = (resources ?? {}) as { requests?: { cpu?: unknown } }
    return resources === undefined && isOwn(name) ? fallback : requests?.cpu
  })
  return [...own, ...requested].every((cpu) => cpu !== undefined)
}

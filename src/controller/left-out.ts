// Fields of a Function that change nothing here.

import type { Fn, FunctionSpec } from './function.ts'

/** Fields that a Function gives and that change nothing, in the order of the schema. */
export function fieldsLeftOut(fn: Fn, spec: FunctionSpec): string[] {
  const { serving } = fn
  const fields: readonly (readonly [string, boolean])[] = [
    ['spec.workloadRuntime', !['', 'OCIContainer', undefined].includes(spec.workloadRuntime as string | undefined)],
    ['spec.build', spec.build !== undefined],
    ['spec.route', spec.route !== undefined],
    ['spec.serving.inputs', !fn.isAsync && (serving.inputs?.length ?? 0) > 0],
    ['spec.serving.triggers', Array.isArray(serving.triggers) && serving.triggers.length > 0],
    ['spec.serving.scaleOptions.maxReplicas', serving.scaleOptions?.maxReplicas !== undefined],
    ['spec.serving.scaleOptions.keda', serving.scaleOptions?.keda !== undefined],
    ['spec.serving.scaleOptions.knative', serving.scaleOptions?.knative !== undefined],
    ...routedBindings(serving).map((key) => [`spec.serving.bindings.${key}.metadata[route]`, true] as const),
    ['spec.serving.timeout', serving.timeout !== undefined],
  ]
  return fields.filter(([, isGiven]) => isGiven).map(([field]) => field)
}

/** The path between daprd and the app is the name of the component: that is where the proxy and the frameworks serve it. */
function routedBindings({ bindings = {} }: Fn['serving']): string[] {
  return Object.entries(bindings)
    .filter(([, { metadata }]) => metadata.some(({ name }) => name === 'route'))
    .map(([key]) => key)
    .sort()
}

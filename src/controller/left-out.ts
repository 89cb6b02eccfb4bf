// What of a Function reaches no child: kinds that Metacontroller may not make here, and fields that are not honoured yet.

import type { KubeObject } from '../shared/k8s.ts'
import type { Fn, FunctionSpec } from './function.ts'

/** A kind that we emit, as Metacontroller calls it. */
export interface ChildResource {
  readonly apiVersion: string
  readonly resource: string
}

/** The resource of each kind that a maker may return. */
export const resources: Readonly<Record<string, string>> = {
  Component: 'components',
  Configuration: 'configurations',
  Deployment: 'deployments',
  Resiliency: 'resiliencies',
  Service: 'services',
}

/** True if the CompositeController declares the kind of this child, or if no controller came with the request. */
export function isDeclared(child: KubeObject, declared: readonly ChildResource[] | undefined): boolean {
  if (declared === undefined) return true
  const resource = resources[child.kind]
  return declared.some((each) => each.apiVersion === child.apiVersion && each.resource === resource)
}

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

// Every kind of child, as Kubernetes and as Metacontroller call it.

/** Kind → apiVersion and resource. What CompositeController and role must name, a test compares. */
export const childKinds = {
  Component: { apiVersion: 'dapr.io/v1alpha1', resource: 'components' },
  Configuration: { apiVersion: 'dapr.io/v1alpha1', resource: 'configurations' },
  Deployment: { apiVersion: 'apps/v1', resource: 'deployments' },
  HorizontalPodAutoscaler: { apiVersion: 'autoscaling/v2', resource: 'horizontalpodautoscalers' },
  NetworkPolicy: { apiVersion: 'networking.k8s.io/v1', resource: 'networkpolicies' },
  PodDisruptionBudget: { apiVersion: 'policy/v1', resource: 'poddisruptionbudgets' },
  Resiliency: { apiVersion: 'dapr.io/v1alpha1', resource: 'resiliencies' },
  RoleBinding: { apiVersion: 'rbac.authorization.k8s.io/v1', resource: 'rolebindings' },
  ScaledJob: { apiVersion: 'keda.sh/v1alpha1', resource: 'scaledjobs' },
  ScaledObject: { apiVersion: 'keda.sh/v1alpha1', resource: 'scaledobjects' },
  Service: { apiVersion: 'v1', resource: 'services' },
  ServiceAccount: { apiVersion: 'v1', resource: 'serviceaccounts' },
  StatefulSet: { apiVersion: 'apps/v1', resource: 'statefulsets' },
} as const satisfies Readonly<Record<string, ChildResource>>

export type ChildKind = keyof typeof childKinds

/** A kind as a controller declares it. */
export interface ChildResource {
  readonly apiVersion: string
  readonly resource: string
}

/** True if the controller declares the kind, or if no controller came with the request. */
export function isDeclared(kind: ChildKind, declared: readonly ChildResource[] | undefined): boolean {
  const { apiVersion, resource } = childKinds[kind]
  return declared === undefined || declared.some((each) => each.apiVersion === apiVersion && each.resource === resource)
}

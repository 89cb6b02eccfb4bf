// Every name, host, label and selector of a child. They follow from the Function alone and never change for one child.

import type { TextMap } from '../shared/k8s.ts'
import { sorted } from './annotations.ts'
import type { Fn } from './function.ts'

/** Ports of daprd as its injector sets them. */
export const daprHttpPort = 3500
export const daprGrpcPort = 50001
/** The admin port of the proxy: `/livez`, `/readyz`, `/metrics`. */
export const adminPort = 8081

/** Ports that daprd needs itself: HTTP, public HTTP, gRPC, internal gRPC, metrics. */
export const daprPorts: readonly number[] = [daprHttpPort, 3501, daprGrpcPort, 50002, 9090]

const fallbackAppPort = 8080

/** The port on which the proxy takes events: the function's own, unless its pod needs that one for something else. */
export const proxyAppPort = (fn: Fn): number =>
  fn.port === adminPort || daprPorts.includes(fn.port) ? fallbackAppPort : fn.port

export type Role = 'function' | 'proxy'
export type ComponentKind = 'bindings' | 'pubsub' | 'states'

export const workloadName = (fn: Pick<Fn, 'name'>, role: Role): string =>
  role === 'proxy' ? `${fn.name}-proxy` : fn.name

/** A Function's name has no dot and the kind is one of three words, so no two keys of a namespace share a name. */
export const componentName = (functionName: string, kind: ComponentKind, key: string): string =>
  `${functionName}.${kind}.${key}`

export const serviceHost = (fn: Fn, role: Role, clusterDomain: string): string =>
  `${workloadName(fn, role)}.${fn.namespace}.svc.${clusterDomain}`

const functionLabel = 'openfunction.io/function'
const roleLabel = 'app.kubernetes.io/component'

/** Selectors are immutable on a Deployment, so they hold nothing that a user or a new version could change. */
export const selector = (fn: Pick<Fn, 'name'>, role: Role): TextMap => ({
  [roleLabel]: role,
  [functionLabel]: fn.name,
})

/** What a child is that has no pods. */
type Part = 'component' | 'resiliency' | 'configuration' | 'autoscaler'

/** Labels of one child, also of the pods of a workload. The user's come first, ours win. */
export function labels(fn: Fn, role: Role | Part, user: TextMap = {}): TextMap {
  // In the order of their keys: most children have no others, and every child asks.
  const ours: TextMap = {
    [roleLabel]: role,
    'app.kubernetes.io/managed-by': 'dapr-proxy',
    'app.kubernetes.io/name': fn.name,
    ...(fn.version !== '' && { 'app.kubernetes.io/version': fn.version }),
    [functionLabel]: fn.name,
  }
  const passed = Object.entries(user).filter(([key]) => !Object.hasOwn(ours, key) && !reserved.has(key))
  return passed.length === 0 ? ours : sorted([...passed, ...Object.entries(ours)])
}

// Metacontroller finds the children of a Function by this label and refuses a reply that gives it another value.
const reserved: ReadonlySet<string> = new Set(['controller-uid'])

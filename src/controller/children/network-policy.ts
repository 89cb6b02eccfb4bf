// Who may reach the pods of a Function. Ingress alone: where a function may go is not ours to say.

import type { KubeObject } from '../../shared/k8s.ts'
import type { Cluster } from '../cluster.ts'
import type { Fn } from '../function.ts'
import { adminPort, daprGrpcPort, daprHttpPort, labels, type Role, selector, workloadName } from '../names.ts'

/** daprd to daprd. */
const internalPort = 50002
const daprMetricsPort = 9090

interface Rule {
  readonly from: readonly object[]
  readonly ports?: readonly object[]
}

export function networkPolicies(fn: Fn, cluster: Cluster): KubeObject[] {
  return [...functionPolicy(fn, cluster), ...proxyPolicy(fn, cluster)]
}

function proxyPolicy(fn: Fn, { settings }: Cluster): KubeObject[] {
  if (fn.mode !== 'standalone') return []
  return [
    policy(fn, 'proxy', [
      { from: [pods(fn, 'function')], ports: ports(daprHttpPort, daprGrpcPort) },
      // The label is the injector's own; a daprd may be in any namespace.
      {
        from: [{ namespaceSelector: {}, podSelector: { matchLabels: { 'dapr.io/sidecar-injected': 'true' } } }],
        ports: ports(internalPort),
      },
      ...allowed(settings.network.monitoringNamespaces, ports(adminPort, daprMetricsPort)),
    ]),
  ]
}

/** In sidecar mode daprd itself must be reachable in the function's pod, and nothing was opened that was not before. */
function functionPolicy(fn: Fn, { settings }: Cluster): KubeObject[] {
  const { monitoringNamespaces, syncNamespaces } = settings.network
  if (fn.mode === 'standalone' && fn.isAsync) {
    const events = { from: [pods(fn, 'proxy')], ports: ports(fn.port) }
    return [policy(fn, 'function', [events, ...allowed(monitoringNamespaces)])]
  }
  if (fn.mode === 'sidecar' || fn.isAsync || syncNamespaces.length === 0) return []
  const own = fn.mode === 'standalone' ? [{ from: [pods(fn, 'proxy')], ports: ports(fn.port) }] : []
  return [
    policy(fn, 'function', [...allowed(syncNamespaces, ports(fn.port)), ...own, ...allowed(monitoringNamespaces)]),
  ]
}

function policy(fn: Fn, role: Role, ingress: readonly Rule[]): KubeObject {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: workloadName(fn, role), namespace: fn.namespace, labels: labels(fn, role) },
    spec: { podSelector: { matchLabels: selector(fn, role) }, policyTypes: ['Ingress'], ingress },
  }
}

const pods = (fn: Fn, role: Role) => ({ podSelector: { matchLabels: selector(fn, role) } })

/** The protocol is spelled out: Kubernetes would add it to the list, and Metacontroller replaces such a list whole. */
const ports = (...numbers: readonly number[]) => numbers.map((port) => ({ protocol: 'TCP', port }))

const allowed = (namespaces: readonly string[], to?: Rule['ports']): Rule[] =>
  namespaces.length === 0
    ? []
    : [
        {
          from: namespaces.map((name) => ({
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } },
          })),
          ...(to && { ports: to }),
        },
      ]

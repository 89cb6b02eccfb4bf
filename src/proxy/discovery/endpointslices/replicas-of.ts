// Many slices, one set of replicas: each pod once, with kube-proxy's rule for pods that leave.

import type { ReplicaAddress } from '../../../dapr/replica.ts'
import { authority } from '../../../dapr/replica.ts'
import type { Endpoint, EndpointState, Slice } from './slice.ts'

const better: Readonly<Record<EndpointState, number>> = { ready: 2, leaving: 1, unready: 0 }

/**
 * The pods that are ready; if none is, those that are being deleted and still serve (KEP-1669), as kube-proxy does it.
 * A pod with addresses of both families is one replica, at its address of the family `preferred` if it has one.
 * A pod that stands in two slices, as happens while it moves from one to the other, counts by the better word of the two.
 * The order of `slices` does not matter; the answer is sorted by address.
 */
export function replicasOf(slices: Iterable<Slice>, preferred: 4 | 6): ReplicaAddress[] {
  const pods = new Map<string, Endpoint>()
  for (const { endpoints } of slices) {
    for (const endpoint of endpoints) {
      const known = pods.get(endpoint.pod)
      if (known === undefined || comesBefore(endpoint, known, preferred)) pods.set(endpoint.pod, endpoint)
    }
  }
  const ready = inState(pods, 'ready')
  return ready.length > 0 ? ready : inState(pods, 'leaving')
}

/** Family first: readiness is of the pod, so a wait of milliseconds for the other slice is better than a change of address. */
function comesBefore(one: Endpoint, other: Endpoint, preferred: 4 | 6): boolean {
  if (one.family !== other.family) return one.family === preferred
  if (one.state !== other.state) return better[one.state] > better[other.state]
  return one.host < other.host || (one.host === other.host && one.port < other.port)
}

function inState(pods: ReadonlyMap<string, Endpoint>, state: EndpointState): ReplicaAddress[] {
  const replicas = new Map<string, ReplicaAddress>()
  for (const { host, port, state: its } of pods.values()) {
    if (its === state) replicas.set(authority({ host, port }), { host, port })
  }
  return [...replicas].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, address]) => address)
}

// What Metacontroller sends: a Function, its observed children as an API server stores them, and the controller itself.

import type { KubeObject } from '../../../src/shared/k8s.ts'

const spec = {
  image: 'example/orders:v1',
  version: 'v1',
  serving: {
    runtime: 'async',
    scaleOptions: { minReplicas: 1, maxReplicas: 5 },
    params: { REGION: 'eu', LOG: 'info' },
    inputs: [{ name: 'in', component: 'bus', topic: 'orders' }],
    outputs: [{ name: 'out', component: 'bus', topic: 'done' }],
    pubsub: { bus: { type: 'pubsub.redis', version: 'v1', metadata: [{ name: 'redisHost', value: 'redis:6379' }] } },
  },
}
const parent = {
  apiVersion: 'core.openfunction.io/v1beta1',
  kind: 'Function',
  metadata: { name: 'orders', namespace: 'shop', uid: '1', generation: 1 },
  spec,
}

export type Sync = (request: string) => Promise<string>

/** The first question about a Function, of which nothing is there yet. */
export const firstRequest = (): string => JSON.stringify({ parent, children: {}, related: {}, finalizing: false })

/** A question about a Function that runs, of about `bytes`: the rest is managed fields, spread over the children. */
export async function settledRequest(bytes: number, sync: Sync): Promise<string> {
  const bare = { parent, related: {}, finalizing: false }
  const childrenOf = async (children: object): Promise<KubeObject[]> =>
    JSON.parse(await sync(JSON.stringify({ ...bare, children }))).children
  const made = await childrenOf(groups(await childrenOf({}), 0))
  const size = (padding: number): number => JSON.stringify({ ...bare, children: groups(made, padding) }).length
  const padding = Math.max(0, Math.floor((bytes - size(0)) / made.length))
  return JSON.stringify({ ...bare, children: groups(made, padding) })
}

function groups(children: readonly KubeObject[], padding: number): Record<string, Record<string, object>> {
  const found: Record<string, Record<string, object>> = {}
  for (const child of children) {
    const { apiVersion, kind, metadata } = child
    const group = `${kind}.${apiVersion}`
    const full = { ...child, metadata: { ...metadata, managedFields: managedFields(padding) }, status: statusOf(child) }
    found[group] = { ...found[group], [`shop/${metadata.name}`]: full }
  }
  return found
}

/** Of about `bytes`, in many small maps, as they come. */
function managedFields(bytes: number): object[] {
  const field = (index: number) => [`f:field-${index}`, { '.': {}, 'f:a': {}, 'f:b': {} }] as const
  const each = JSON.stringify(Object.fromEntries([field(1000)])).length
  const fields = Array.from({ length: Math.floor(bytes / each) }, (_, index) => field(index))
  return fields.length === 0 ? [] : [{ manager: 'kubelet', operation: 'Update', fieldsV1: Object.fromEntries(fields) }]
}

function statusOf({ kind }: KubeObject): object | undefined {
  if (kind !== 'Deployment') return undefined
  const conditions = [{ type: 'Available', status: 'True' }]
  return { replicas: 1, readyReplicas: 1, updatedReplicas: 1, conditions }
}

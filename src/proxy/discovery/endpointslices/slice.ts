// One EndpointSlice of discovery.k8s.io/v1, read with care: only what we need is kept, and nothing is taken for granted.

import type { SlicePort } from '../settings.ts'

/** What is kept of an EndpointSlice. */
export interface Slice {
  readonly name: string
  /** Rises with each change of any object of this kind; undefined if it is not a number. */
  readonly version: bigint | undefined
  readonly endpoints: readonly Endpoint[]
  /** False where the slice has endpoints but no port for them. */
  readonly hasPort: boolean
}

export interface Endpoint {
  /** The pod, by its uid; by its address where the slice names none. Both families of one pod share it. */
  readonly pod: string
  readonly host: string
  readonly port: number
  readonly family: 4 | 6
  readonly state: EndpointState
}

/** `leaving`: its pod is being deleted and still serves. */
export type EndpointState = 'ready' | 'leaving' | 'unready'

type Fields = Readonly<Record<string, unknown>>

/** Undefined if it is no EndpointSlice with a name. An endpoint that makes no sense is left out. */
export function readSlice(object: unknown, wanted: SlicePort): Slice | undefined {
  const fields = fieldsOf(object)
  const metadata = fieldsOf(fields.metadata)
  if (typeof metadata.name !== 'string') return undefined
  const family = families.get(fields.addressType)
  const port = portOf(fields.ports, wanted)
  const endpoints: Endpoint[] = []
  if (family !== undefined && port !== undefined) {
    for (const each of listOf(fields.endpoints)) {
      const endpoint = readEndpoint(fieldsOf(each), family, port)
      if (endpoint) endpoints.push(endpoint)
    }
  }
  const hasPort = port !== undefined || listOf(fields.endpoints).length === 0
  return { name: metadata.name, version: readVersion(metadata.resourceVersion), endpoints, hasPort }
}

/** Versions are numbers in every API server there is; one that is not cannot be compared. */
export function readVersion(text: unknown): bigint | undefined {
  return typeof text === 'string' && /^\d{1,30}$/.test(text) ? BigInt(text) : undefined
}

// FQDN, the third address type, is deprecated and made by no controller.
const families: ReadonlyMap<unknown, 4 | 6> = new Map([
  ['IPv4', 4],
  ['IPv6', 6],
])
const addressOf = { 4: /^[0-9.]{7,15}$/, 6: /^[0-9a-fA-F:.]{2,45}$/ } as const

function readEndpoint(endpoint: Fields, family: 4 | 6, port: number): Endpoint | undefined {
  // All addresses of an endpoint are the same pod; consumers take the first (k8s.io/api/discovery/v1).
  const [host] = listOf(endpoint.addresses)
  if (typeof host !== 'string' || !addressOf[family].test(host)) return undefined
  const { uid } = fieldsOf(endpoint.targetRef)
  const pod = typeof uid === 'string' && uid !== '' ? uid : host
  return { pod, host, port, family, state: stateOf(fieldsOf(endpoint.conditions)) }
}

/** The defaults of k8s.io/api/discovery/v1: ready if nothing is said, serving like ready, not terminating. */
function stateOf(conditions: Fields): EndpointState {
  const ready = conditions.ready !== false
  const serving = typeof conditions.serving === 'boolean' ? conditions.serving : ready
  if (ready) return 'ready'
  return serving && conditions.terminating === true ? 'leaving' : 'unready'
}

function portOf(ports: unknown, wanted: SlicePort): number | undefined {
  if ('number' in wanted) return wanted.number
  const tcp = listOf(ports)
    .map(fieldsOf)
    .filter(({ protocol = 'TCP' }) => protocol === 'TCP' || protocol === null)
  const numbers = tcp
    .filter(({ name }) => !('name' in wanted) || name === wanted.name)
    .map(({ port }) => port)
    .filter((port): port is number => Number.isInteger(port) && (port as number) >= 1 && (port as number) <= 65535)
  if ('name' in wanted) return numbers[0]
  // A headless Service without ports has slices without ports.
  if (tcp.length === 0 || numbers.includes(wanted.likely)) return wanted.likely
  return numbers.length === 1 ? numbers[0] : undefined
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {}
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

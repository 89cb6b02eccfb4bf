// PROXY_DISCOVERY as a typed value: which source tells the replicas, and of which Service.

import type { ReplicaAddress } from '../../dapr/replica.ts'
import type { EnvReader } from '../../shared/env.ts'
import type { FuncContext } from '../../shared/func-context.ts'

export type DiscoveryConfig = StaticConfig | DnsConfig | EndpointSlicesConfig

export interface StaticConfig {
  readonly kind: 'static'
  readonly replicas: readonly ReplicaAddress[]
}

export interface DnsConfig {
  readonly kind: 'dns'
  readonly name: ReplicaAddress
}

export interface EndpointSlicesConfig {
  readonly kind: 'endpointslices'
  readonly namespace: string
  readonly service: string
  readonly port: SlicePort
  /** KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT. */
  readonly apiServer: ReplicaAddress
  /** Folder with `token` and `ca.crt`. */
  readonly account: string
  /** Asked by DNS where the account may not read EndpointSlices. */
  readonly fallback: ReplicaAddress
}

/**
 * Which port of a slice counts. `likely` is the number that the Function names: it counts where a slice has it or has none at all,
 * else the only port of the slice does. `number` counts whatever a slice says, `name` is looked up in each slice.
 */
export type SlicePort = { readonly likely: number } | { readonly number: number } | { readonly name: string }

/** Where Kubernetes mounts the token and the CA of a pod's account. */
const accountFolder = '/var/run/secrets/kubernetes.io/serviceaccount'

const forms = 'static:host:port,host:port, dns:host:port or endpointslices:service.namespace:port'
const remedy = `give ${forms}`

export function readDiscovery(read: EnvReader, context: FuncContext | undefined): DiscoveryConfig | undefined {
  const text = read.text('PROXY_DISCOVERY')
  if (text === undefined) return withoutAWord(read, context)
  const [kind = '', rest = ''] = splitOnce(text, ':')
  if (kind === 'endpointslices') return readEndpointSlices(read, rest, context)
  if (kind !== 'static' && kind !== 'dns') {
    read.problem('PROXY_DISCOVERY', `is "${text}"; ${remedy}`)
    return undefined
  }
  const addresses: ReplicaAddress[] = []
  for (const part of rest.split(',')) {
    const address = parseAddress(part)
    if (address) addresses.push(address)
    else read.problem('PROXY_DISCOVERY', `has "${part}", which is not host:port; ${remedy}`)
  }
  const [name] = addresses
  if (kind === 'static') return { kind, replicas: addresses }
  if (addresses.length > 1) read.problem('PROXY_DISCOVERY', 'has more than one name; give dns:host:port')
  return name && { kind, name }
}

/** Without a word the proxy looks for the Service of its Function in the namespace of its pod: by watch in a cluster, else by DNS. */
function withoutAWord(read: EnvReader, context: FuncContext | undefined): DiscoveryConfig | undefined {
  const namespace = read.text('POD_NAMESPACE')
  if (namespace === undefined) {
    read.problem('PROXY_DISCOVERY', `is not set, and neither is POD_NAMESPACE; ${remedy}`)
    return undefined
  }
  if (context === undefined) {
    // In front of an app nothing else names it; without a FUNC_CONTEXT its own problems are told.
    if (isForApp(read)) read.problem('PROXY_DISCOVERY', `is not set, and nothing else names the replicas; ${remedy}`)
    return undefined
  }
  if (read.text('KUBERNETES_SERVICE_HOST') !== undefined) return readEndpointSlices(read, '', context)
  return { kind: 'dns', name: serviceName(read, { service: context.name, namespace, port: Number(context.port) }) }
}

// A Service is a DNS-1035 label, a namespace one of DNS-1123; a port is a number or the name of one.
const target =
  /^(?:([a-z](?:[-a-z0-9]{0,61}[a-z0-9])?)(?:\.([a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?))?)?(?::([-a-z0-9]{1,63}))?$/

function readEndpointSlices(
  read: EnvReader,
  text: string,
  context: FuncContext | undefined,
): EndpointSlicesConfig | undefined {
  const problem = (message: string) => read.problem('PROXY_DISCOVERY', message)
  const match = target.exec(text)
  if (!match) {
    problem(
      `has "${text}"; give endpointslices, or endpointslices:service.namespace:port with the number or name of a port`,
    )
    return undefined
  }
  const host = read.text('KUBERNETES_SERVICE_HOST')
  if (host === undefined) {
    problem(
      'is endpointslices, which needs a cluster (KUBERNETES_SERVICE_HOST is not set); give static or dns elsewhere',
    )
    return undefined
  }
  const service = match[1] ?? context?.name
  if (service === undefined && isForApp(read)) problem('names no Service; give endpointslices:service')
  const namespace = match[2] ?? read.text('POD_NAMESPACE')
  if (namespace === undefined)
    problem('names no namespace, and POD_NAMESPACE is not set; give endpointslices:service.namespace')
  const port = slicePort(match[3], context)
  if (port === undefined)
    problem(`has "${match[3] ?? ''}" for a port; give a number from 1 to 65535, or the name of a port`)
  const apiPort = read.port('KUBERNETES_SERVICE_PORT', 443)
  // Without a FUNC_CONTEXT its own problems are told; nothing is started.
  if (service === undefined || namespace === undefined || port === undefined) return undefined
  const dnsPort = 'number' in port ? port.number : Number(context?.port ?? 8080)
  return {
    kind: 'endpointslices',
    namespace,
    service,
    port,
    apiServer: { host, port: apiPort },
    account: accountFolder,
    fallback: serviceName(read, { service, namespace, port: dnsPort }),
  }
}

const isForApp = (read: EnvReader): boolean => read.text('PROXY_MODE') === 'app'

function slicePort(text: string | undefined, context: FuncContext | undefined): SlicePort | undefined {
  if (text === undefined) return { likely: Number(context?.port ?? 8080) }
  if (!/^\d+$/.test(text)) return { name: text }
  const number = Number(text)
  return number >= 1 && number <= 65535 ? { number } : undefined
}

interface ServicePort {
  readonly service: string
  readonly namespace: string
  readonly port: number
}

function serviceName(read: EnvReader, { service, namespace, port }: ServicePort): ReplicaAddress {
  return { host: `${service}.${namespace}.svc.${read.text('CLUSTER_DOMAIN') ?? 'cluster.local'}`, port }
}

/** `host:port`, `[v6]:port`; undefined if it is neither. */
export function parseAddress(text: string): ReplicaAddress | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]/]+)):(\d{1,5})$/.exec(text.trim())
  const port = Number(match?.[3])
  return match && port >= 1 && port <= 65535 ? { host: (match[1] ?? match[2]) as string, port } : undefined
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator)
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}

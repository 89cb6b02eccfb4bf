// Pods as network namespaces: a bridge that all share, a veth pair and an address of its own for each.
import { run } from './process.ts'

export const bridge = { name: 'pods0', address: '10.244.0.1', prefix: 16 }
export const serviceRange = '10.96.0.0/16'
export const dnsAddress = '10.96.0.10'

/** Prepares this (private) network namespace to be the node: loopback, bridge, forwarding. */
export async function createNodeNetwork(): Promise<void> {
  await ip('link set lo up')
  await ip(`link add ${bridge.name} type bridge`)
  await ip(`addr add ${bridge.address}/${bridge.prefix} dev ${bridge.name}`)
  await ip(`link set ${bridge.name} up`)
  // Any route will do: kube-proxy rewrites the destination before the packet leaves.
  await ip(`route add ${serviceRange} dev ${bridge.name}`)
  await run('sysctl', ['-q', '-w', 'net.ipv4.ip_forward=1'])
}

export interface PodNetwork {
  readonly namespace: string
  readonly address: string
}

/** Addresses are not reused within a run, so that a stale one never meets another pod by accident. */
export function createAddressPlan(): () => string {
  let next = 10
  return () => {
    next += 1
    return `10.244.${Math.floor(next / 250)}.${(next % 250) + 2}`
  }
}

export async function createPodNetwork(namespace: string, address: string): Promise<PodNetwork> {
  const host = `v${address.split('.').slice(2).join('-')}`
  await ip(`netns add ${namespace}`)
  await ip(`link add ${host} type veth peer name eth0 netns ${namespace}`)
  await ip(`link set ${host} master ${bridge.name} up`)
  await ip(`-n ${namespace} link set lo up`)
  await ip(`-n ${namespace} addr add ${address}/${bridge.prefix} dev eth0`)
  await ip(`-n ${namespace} link set eth0 up`)
  await ip(`-n ${namespace} route add default via ${bridge.address}`)
  return { namespace, address }
}

export async function removePodNetwork(network: PodNetwork): Promise<void> {
  await ip(`netns delete ${network.namespace}`)
}

/** Cuts the pod off the network, or joins it again; its processes go on. */
export async function setPodLink(network: PodNetwork, state: 'up' | 'down'): Promise<void> {
  await ip(`-n ${network.namespace} link set eth0 ${state}`)
  if (state === 'up') await ip(`-n ${network.namespace} route replace default via ${bridge.address}`)
}

function ip(args: string): Promise<string> {
  return run('ip', args.split(' '))
}

// Where the processes of a Function listen on this machine.

import type { LocalFunction } from '../plan/plan.ts'
import type { App } from '../sidecar/sidecar.ts'
import type { Ports } from './free-port.ts'

/** A Function with the ports that it has here. */
export interface Placed {
  readonly fn: LocalFunction
  readonly replicas: readonly { readonly name: string; readonly port: number }[]
  /** Where its proxy listens, if it has one. */
  readonly proxy: { readonly app: number; readonly admin: number } | undefined
}

// Where a proxy's admin server listens by default.
const adminPort = 8081

const replicaName = (fn: LocalFunction, index: number): string => `${fn.name}-${index + 1}`

/** Finds a port for each process of a Function. */
export async function place(fn: LocalFunction, ports: Ports): Promise<Placed> {
  const usual = Number(fn.context.port)
  const proxy = fn.proxy && { app: await ports.take(usual), admin: await ports.take(adminPort) }
  const replicas: { name: string; port: number }[] = []
  for (let index = 0; index < fn.replicas; index += 1) {
    replicas.push({ name: replicaName(fn, index), port: await ports.take(usual) })
  }
  return { fn, replicas, proxy }
}

/** The app that its sidecar sees: the proxy, or the replicas themselves. */
export function appOf({ fn, replicas, proxy }: Placed): App[] {
  if (fn.sidecar === undefined) return []
  const { appId, protocol, components } = fn.sidecar
  return [{ appId, protocol, components, ports: proxy ? [proxy.app] : replicas.map(({ port }) => port) }]
}

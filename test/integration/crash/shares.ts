// How real replicas share real events, and what the slowest events wait.

import { startProxyProcess } from '../../support/proxy-process.ts'
import type { Wire } from '../../support/wire.ts'
import { percentile, startLoad } from './load.ts'
import { startReplicas, type Work } from './replicas.ts'

export interface ShareFigures {
  readonly events: number
  readonly shares: readonly number[]
  readonly p99Ms: number
}

/** `work` of each replica; the first second is not counted. */
export async function measureShares(
  wire: Wire,
  balance: string,
  work: readonly Work[],
  seconds = 5,
): Promise<ShareFigures> {
  const replicas = await startReplicas(wire, work)
  const proxy = await startProxyProcess(wire, replicas.ports, { PROXY_BALANCE: balance })
  const sidecar = wire.connect(proxy.port)
  // Below saturation: where this machine is the bottleneck all replicas look alike.
  const load = startLoad(sidecar, 16, 15)
  try {
    await new Promise((resolve) => setTimeout(resolve, 1000))
    const first = load.sent()
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
    const { tookMs } = await load.stop()
    const counted = replicas.runs().filter(({ id }) => id >= first)
    const countOf = (life: string) => counted.filter((run) => run.life === life).length
    return {
      events: counted.length,
      shares: replicas.list.map(({ life }) => countOf(life) / counted.length),
      p99Ms: percentile(tookMs.slice(first), 0.99),
    }
  } finally {
    sidecar.close()
    proxy.kill()
    await replicas.close()
  }
}

// Brings together what the sidecar and the proxy of one Function have counted.

import type { LocalSidecar } from '../plan/plan.ts'
import type { Placed } from '../processes/placement.ts'
import type { Counts } from '../sidecar/broker/tally.ts'
import type { SidecarNumbers } from '../sidecars.ts'
import type { ProxyNumbers } from './proxy-metrics.ts'
import type { FunctionReport } from './report.ts'

export interface Sources {
  readonly placed: Placed
  readonly sidecar: LocalSidecar
  /** Undefined for a real daprd, which does not count for us. */
  readonly numbers: SidecarNumbers | undefined
  readonly proxy: ProxyNumbers | undefined
  readonly isUp: (replica: string) => boolean
}

export function functionReport({ placed, sidecar, numbers, proxy, isUp }: Sources): FunctionReport[] {
  const events = (port: number) => {
    const address = `127.0.0.1:${port}`
    return (placed.proxy ? proxy?.replicas : numbers?.deliveredTo)?.get(address) ?? 0
  }
  return [
    {
      name: placed.fn.name,
      protocol: sidecar.protocol,
      counts: numbers?.counts ?? countsOf(proxy),
      held: proxy?.held ?? 0,
      p50Ms: numbers?.p50Ms,
      p99Ms: numbers?.p99Ms,
      replicas: placed.replicas.map(({ name, port }) => ({ name, isUp: isUp(name), events: events(port) })),
    },
  ]
}

/** What reached the proxy, and what came of it. */
function countsOf(proxy: ProxyNumbers | undefined): Counts {
  const outcomes = proxy?.outcomes ?? new Map<string, number>()
  const published = [...outcomes.values()].reduce((sum, value) => sum + value, 0)
  const [delivered, dropped] = [outcomes.get('success') ?? 0, outcomes.get('drop') ?? 0]
  const lost = published - delivered - dropped
  return { published, delivered, dropped, failed: lost, unhandled: 0, pending: 0, lost }
}

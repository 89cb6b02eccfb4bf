// SIGKILL of one replica of four after another, under load: is each event handled, and which are handled twice?

import { startProxyProcess } from '../../support/proxy-process.ts'
import type { Heard, Wire } from '../../support/wire.ts'
import { percentile, startLoad } from './load.ts'
import { startReplicas } from './replicas.ts'

export interface KillFigures {
  readonly kills: number
  readonly events: number
  /** Events that no replica was given. */
  readonly missing: number
  /** Events that were answered with anything but a success and their own number. */
  readonly errors: number
  /** Runs beyond the first of an event. */
  readonly duplicates: number
  /** Runs on a replica that had no answer yet when it was killed: what may be run again. */
  readonly inFlightAtKill: number
  /** Events that ran twice without having been in flight on a killed replica. */
  readonly unexplained: number
  readonly p99Ms: number
}

const lanes = 16

export async function measureKills(wire: Wire, kills: number): Promise<KillFigures> {
  const replicas = await startReplicas(wire, [5, 5, 5, 5])
  const proxy = await startProxyProcess(wire, replicas.ports)
  const sidecar = wire.connect(proxy.port)
  const load = startLoad(sidecar, lanes, 5)
  const killed: { readonly life: string; readonly unanswered: ReadonlySet<number> }[] = []
  try {
    while (killed.length < kills) {
      await new Promise((resolve) => setTimeout(resolve, 50 + 150 * Math.random()))
      const up = replicas.list.filter(({ isUp }) => isUp)
      const victim = up[Math.floor(Math.random() * up.length)]
      if (victim === undefined || up.length < 2) continue
      const { life } = victim
      // Before and after: the proxy may have mended an event before we hear that the process is gone.
      const before = [...load.unanswered]
      await victim.kill()
      killed.push({ life, unanswered: new Set([...before, ...load.unanswered]) })
      victim.start()
    }
    const { answers, tookMs } = await load.stop()
    return {
      ...figures(answers.length, replicas.runs(), killed),
      errors: errorsOf(answers),
      p99Ms: percentile(tookMs, 0.99),
    }
  } finally {
    sidecar.close()
    proxy.kill()
    await replicas.close()
  }
}

const errorsOf = (answers: readonly Heard[]): number =>
  answers.filter(({ outcome, data }, id) => outcome !== 'success' || data.toString() !== String(id)).length

function figures(
  events: number,
  runs: readonly { readonly life: string; readonly id: number }[],
  killed: readonly { readonly life: string; readonly unanswered: ReadonlySet<number> }[],
): Omit<KillFigures, 'errors' | 'p99Ms'> {
  const unansweredOf = new Map(killed.map(({ life, unanswered }) => [life, unanswered]))
  const times = new Map<number, number>()
  const excused = new Map<number, number>()
  for (const { life, id } of runs) {
    times.set(id, (times.get(id) ?? 0) + 1)
    if (unansweredOf.get(life)?.has(id)) excused.set(id, (excused.get(id) ?? 0) + 1)
  }
  const ids = Array.from({ length: events }, (_, id) => id)
  const extra = (id: number) => Math.max(0, (times.get(id) ?? 0) - 1)
  return {
    kills: killed.length,
    events,
    missing: ids.filter((id) => !times.has(id)).length,
    duplicates: ids.reduce((sum, id) => sum + extra(id), 0),
    inFlightAtKill: [...excused.values()].reduce((sum, count) => sum + count, 0),
    unexplained: ids.reduce((sum, id) => sum + Math.max(0, extra(id) - (excused.get(id) ?? 0)), 0),
  }
}

// What is compared and kept: a name for each ratio, the same in the table, the baseline and the bars.

import { type Cell, cellName, usual } from './cells.ts'
import type { ContenderName } from './contenders.ts'
import { type Figure, figure, median, ratio } from './figures.ts'
import type { Measured, Samples } from './rounds.ts'
import type { Start } from './start.ts'

export interface Ratio {
  readonly name: string
  readonly value: Figure
  /** The loads that it comes from; none for start and memory. */
  readonly cells: readonly Cell[]
}

const cpu = (samples: Samples, name: ContenderName) => samples[name]?.map((one) => one.cpuMicrosPerEvent)

/** What our proxy is measured against. */
const references = ['nginx', 'haproxy', 'byte relay'] as const

/** CPU time per event beside each reference, and with many replicas beside one. */
export function cpuRatios({ cells }: Measured): Ratio[] {
  const beside = cells.flatMap(({ cell, samples }) =>
    references.flatMap((reference) => {
      const ours = cpu(samples, 'proxy')
      const theirs = cpu(samples, reference)
      return ours && theirs
        ? [{ name: `CPU ÷ ${reference}: ${cellName(cell)}`, value: ratio(ours, theirs), cells: [cell] }]
        : []
    }),
  )
  return [...beside, ...growth(cells)]
}

/** The best that any ratio to nginx can become in Node; undefined if one of the two was not measured. */
export function floorBesideNginx(samples: Samples): Figure | undefined {
  const floor = cpu(samples, 'byte relay')
  const theirs = cpu(samples, 'nginx')
  return floor && theirs && ratio(floor, theirs)
}

function growth(cells: Measured['cells']): Ratio[] {
  const [few] = cells.filter(({ cell }) => cell.replicas === 1)
  const [many] = cells.filter(({ cell }) => cell.replicas === 100)
  const [ours, theirs] = [many && cpu(many.samples, 'proxy'), few && cpu(few.samples, 'proxy')]
  if (!few || !many || !ours || !theirs) return []
  const name = `CPU of 100 ÷ of 1 replica: ${few.cell.protocol}`
  return [{ name, value: ratio(ours, theirs), cells: [few.cell, many.cell] }]
}

/** Time of an event at a fixed rate; of these the median is kept, the slowest hundredth is the machine's as much as ours. */
export function latencyRatios({ cells }: Measured): Ratio[] {
  return cells
    .filter(({ cell }) => cell.rate !== undefined)
    .flatMap(({ cell, samples: { proxy, nginx } }) => {
      if (!proxy || !nginx) return []
      const times = (samples: typeof proxy) => samples.map(({ p50 }) => p50)
      return [{ name: `p50 ÷ nginx: ${cellName(cell)}`, value: ratio(times(proxy), times(nginx)), cells: [cell] }]
    })
}

export function startRatios(starts: readonly Start[]): Ratio[] {
  const [bare, ...ours] = starts as [Start, ...Start[]]
  return ours.flatMap((start) => [
    { name: `start ÷ bare node:http: ${start.what}`, value: ratio(start.startMs, bare.startMs), cells: [] },
    { name: `idle memory ÷ bare node:http: ${start.what}`, value: ratio(start.idleMiB, bare.idleMiB), cells: [] },
  ])
}

export function memoryRatio({ protocol, loadedMiB }: Measured, starts: readonly Start[]): Ratio {
  const bare = median(starts[0]?.idleMiB ?? [])
  const { bytes, concurrency } = usual
  const name = `memory after load ÷ bare node:http: ${protocol} ${bytes} B × ${concurrency}`
  return { name, value: figure([(loadedMiB.proxy ?? Number.NaN) / bare]), cells: [] }
}

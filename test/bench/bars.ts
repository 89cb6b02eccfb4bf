// What the proxy must reach now, and what it is to reach next.

import { type Cell, cellName, usual } from './cells.ts'
import type { Protocol } from './contenders.ts'
import { median, ratio } from './figures.ts'
import type { Ratio } from './ratios.ts'
import type { Measured } from './rounds.ts'
import type { Start } from './start.ts'

export interface Bar {
  readonly name: string
  readonly value: number
  readonly unit: '×' | 'MiB' | 'ms' | 'µs'
  /** At most; a bar without it fails nothing yet. */
  readonly now?: number
  readonly next?: number
  /** The loads that it comes from, where it is worth to measure them once more. */
  readonly cells?: readonly Cell[]
}

export interface Results {
  readonly measured: readonly Measured[]
  readonly starts: readonly Start[]
  readonly ratios: readonly Ratio[]
}

export function barsOf({ measured, starts, ratios }: Results): Bar[] {
  const [bare, ...ours] = starts as [Start, ...Start[]]
  const value = (wanted: (each: Ratio) => boolean): number =>
    Math.max(...ratios.filter(wanted).map((each) => each.value.median))
  const cpu = (protocol: string, reference: string) => (each: Ratio) =>
    each.name.startsWith(`CPU ÷ ${reference}: ${protocol}`) && each.cells.every(({ rate }) => rate === undefined)
  // The fastest start of each: whatever else ran can only have added to it.
  const above = (start: Start, key: 'startMs' | 'idleMiB'): number => Math.min(...start[key]) - Math.min(...bare[key])
  const growth = (protocol: string) => value(({ name }) => name === `CPU of 100 ÷ of 1 replica: ${protocol}`)
  const usualOf = (protocol: Protocol, reference: string) =>
    value(({ name }) => name === `CPU ÷ ${reference}: ${cellName({ ...usual, protocol })}`)
  const bars: Bar[] = [
    { name: 'http CPU ÷ nginx, 1 KiB × 32', value: usualOf('http', 'nginx'), unit: '×', now: 2.5, next: 2 },
    { name: 'http CPU ÷ nginx, worst load', value: value(cpu('http', 'nginx')), unit: '×', next: 2 },
    { name: 'grpc CPU ÷ nginx, 1 KiB × 32', value: usualOf('grpc', 'nginx'), unit: '×', now: 6, next: 0.5 },
    { name: 'grpc CPU ÷ nginx, worst load', value: value(cpu('grpc', 'nginx')), unit: '×', next: 0.5 },
    { name: 'grpc CPU ÷ haproxy, 1 KiB × 32', value: usualOf('grpc', 'haproxy'), unit: '×', next: 1.5 },
    { name: 'grpc CPU ÷ haproxy, worst load', value: value(cpu('grpc', 'haproxy')), unit: '×', next: 1.5 },
    ...['http', 'grpc'].map((protocol): Bar => {
      return { name: `${protocol} CPU of 100 ÷ of 1 replica`, value: growth(protocol), unit: '×', next: 1.1 }
    }),
    ...ours.flatMap((start): Bar[] => [
      {
        name: `${start.what}: idle above bare node:http`,
        value: above(start, 'idleMiB'),
        unit: 'MiB',
        now: 8,
      },
      {
        name: `${start.what}: listening after bare node:http`,
        value: above(start, 'startMs'),
        unit: 'ms',
        // Other work on the machine adds a third to the time of both.
        now: 40,
        next: 30,
      },
    ]),
    ...measured.flatMap((each): Bar[] => [
      {
        name: `${each.protocol}: memory after 1 KiB × 32`,
        value: each.loadedMiB.proxy ?? Number.NaN,
        unit: 'MiB',
        next: 65,
      },
      ...latencyBars(each),
      ...growthBars(each),
    ]),
  ]
  // A reference that is not here leaves no value.
  return bars.filter((bar) => Number.isFinite(bar.value))
}

/**
 * The more replicas, the fewer events go in one write, whoever sends them: what counts now is what we lose beyond what
 * the reference loses that treats connections as we do, nginx over HTTP and haproxy over gRPC.
 */
function growthBars({ protocol, cells }: Measured): Bar[] {
  const name = protocol === 'http' ? 'nginx' : 'haproxy'
  const growth = (of: 'proxy' | 'nginx' | 'haproxy'): number[] => {
    const [few, many] = ([1, 100] as const).map(
      (replicas) => cells.find(({ cell }) => cell.replicas === replicas)?.samples[of] ?? [],
    )
    return (many ?? []).map((one, round) => one.cpuMicrosPerEvent / (few?.[round]?.cpuMicrosPerEvent ?? Number.NaN))
  }
  const theirs = growth(name)
  const value = median(theirs)
  return [
    { name: `${protocol} CPU of 100 ÷ of 1 replica, ${name}`, value, unit: '×' },
    {
      name: `${protocol} growth ÷ growth of ${name}`,
      value: ratio(growth('proxy'), theirs).median,
      unit: '×',
      // A ratio of four figures of a load: from one run to the next it moves by a sixth.
      now: 1.25,
      next: 1.1,
      cells: cells.map(({ cell }) => cell).filter(({ replicas }) => replicas !== usual.replicas),
    },
  ]
}

function latencyBars({ protocol, cells }: Measured): Bar[] {
  const samples = cells.find(({ cell }) => cell.rate !== undefined)?.samples
  const at = (name: 'proxy' | 'nginx' | 'haproxy', key: 'p50' | 'p99') => samples?.[name]?.map((one) => one[key]) ?? []
  const above = at('proxy', 'p50').map((value, round) => value - (at('nginx', 'p50')[round] ?? Number.NaN))
  const slow = at('proxy', 'p99').map((value, round) => value / (at('haproxy', 'p99')[round] ?? Number.NaN))
  return [
    { name: `${protocol} p50 above nginx at a fixed rate`, value: median(above), unit: 'µs', next: 50 },
    { name: `${protocol} p99 ÷ haproxy at a fixed rate`, value: median(slow), unit: '×', next: 1.5 },
  ]
}

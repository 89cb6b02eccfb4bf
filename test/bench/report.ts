// The figures as text: tables in Markdown, each value with its spread.

import { cpus } from 'node:os'
import type { Bar, Results } from './bars.ts'
import type { Baseline } from './baseline.ts'
import { cellName } from './cells.ts'
import { type ContenderName, contenderNames as contenders } from './contenders.ts'
import { isPinned } from './cores.ts'
import { type Figure, figure } from './figures.ts'
import type { Sample } from './load.ts'
import { floorBesideNginx, type Ratio } from './ratios.ts'
import type { Measured } from './rounds.ts'
import type { Start } from './start.ts'

export interface Report extends Results {
  readonly bars: readonly Bar[]
  readonly baseline: Baseline
}

export function report({ measured, starts, ratios, bars, baseline }: Report): string {
  const where = `Node ${process.version}, ${cpus()[0]?.model}, ${isPinned ? 'the proxy alone on its core' : 'NOTHING PINNED'}`
  const waits = measured.flatMap(({ cells }) => cells.flatMap(({ samples }) => samples.proxy ?? []))
  const busy = figure(waits.map(({ waitShare }) => waitShare * 100))
  return [
    '# Figures of the bench',
    `${where}. Medians over rounds, with the smallest and the largest in brackets; ratios are taken within a round.`,
    `For each second that the proxy ran it waited for its core by ${text(busy)} %: the more, the less these figures say.`,
    ...measured.flatMap((each) => [
      `## ${each.protocol}: CPU time per event in µs`,
      cpuTable(each, ratios),
      `## ${each.protocol}: time of an event at a fixed rate in µs`,
      latencyTable(each),
      `## ${each.protocol}: resident memory in MiB`,
      memoryTable(each),
    ]),
    '## start until listening, and resident memory then',
    startTable(starts),
    '## bars',
    barTable(bars),
    '## ratios that the baseline holds',
    baselineTable(ratios, baseline),
    '',
  ].join('\n\n')
}

function cpuTable({ cells }: Measured, ratios: readonly Ratio[]): string {
  const rows = cells.map(({ cell, samples }) => {
    const name = cellName(cell)
    const beside = ['nginx', 'haproxy', 'byte relay'].map((reference) =>
      ratios.find((one) => one.name === `CPU ÷ ${reference}: ${name}`),
    )
    const absolute = contenders.map((contender) => of(samples[contender], 'cpuMicrosPerEvent'))
    return [name, ...absolute, ...beside.map((one) => text(one?.value)), text(floorBesideNginx(samples))]
  })
  const ratioNames = ['proxy ÷ nginx', 'proxy ÷ haproxy', 'proxy ÷ byte relay', 'byte relay ÷ nginx']
  return table(['load', ...contenders, ...ratioNames], rows)
}

function latencyTable({ cells }: Measured): string {
  const rows = cells
    .filter(({ cell }) => cell.rate !== undefined)
    .flatMap(({ cell, samples }) =>
      (['p50', 'p99'] as const).map((key) => [
        `${key}, ${cellName(cell)}`,
        ...contenders.map((contender) => of(samples[contender], key)),
      ]),
    )
  return table(['', ...contenders], rows)
}

function memoryTable({ loadedMiB, mostMiB }: Measured): string {
  const row = (what: string, of: Readonly<Partial<Record<ContenderName, number>>>) => [
    what,
    ...contenders.map((contender) => number(of[contender])),
  ]
  return table(['', ...contenders], [row('after 1 KiB × 32', loadedMiB), row('after all loads', mostMiB)])
}

function startTable(starts: readonly Start[]): string {
  const rows = starts.map(({ what, startMs, idleMiB }) => [what, text(figure(startMs)), text(figure(idleMiB))])
  return table(['', 'ms', 'MiB'], rows)
}

function barTable(bars: readonly Bar[]): string {
  const verdict = (value: number, limit?: number) =>
    limit === undefined ? '' : `${value <= limit ? 'met' : 'missed'} (≤ ${limit})`
  const rows = bars.map(({ name, value, unit, now, next }) => {
    return [name, `${number(value)} ${unit}`, verdict(value, now), verdict(value, next)]
  })
  return table(['', 'is', 'now', 'next'], rows)
}

function baselineTable(ratios: readonly Ratio[], baseline: Baseline): string {
  return table(
    ['', 'is', 'was'],
    ratios.map(({ name, value }) => [name, text(value), number(baseline[name])]),
  )
}

const of = (samples: readonly Sample[] | undefined, key: keyof Sample): string =>
  text(samples && figure(samples.map((sample) => sample[key])))

const text = (value: Figure | undefined): string =>
  value === undefined ? '' : `${number(value.median)} (${value.spread.map(number).join('–')})`

const number = (value: number | undefined): string =>
  value === undefined ? '' : value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2)

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows]
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

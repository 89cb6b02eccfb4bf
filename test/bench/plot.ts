// The figures as a picture: CPU time per event of each contender under each load, on a logarithmic scale.

import { type Cell, sizeName } from './cells.ts'
import { figure } from './figures.ts'
import type { Measured, Samples } from './rounds.ts'

const contenders = ['proxy', 'nginx', 'haproxy'] as const
const width = 860
const left = 210
const right = 30
const rowHeight = 22
const headHeight = 64

/** One picture for both protocols; its colours follow the reader's scheme. */
export function plot(measured: readonly Measured[]): string {
  const ends = endsOf(measured)
  const parts: string[] = []
  let top = 0
  for (const each of measured) {
    parts.push(...panel(each, top, ends))
    top += headHeight + each.cells.length * rowHeight + 26
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${top}" font-family="system-ui, sans-serif" font-size="12">`,
    '<title>CPU time per event of the proxy, nginx and haproxy</title>',
    '<style>',
    'svg { --ink: #1f2328; --faint: #d0d7de; --paper: #ffffff; --proxy: #0969da; --nginx: #1a7f37; --haproxy: #bc4c00 }',
    '@media (prefers-color-scheme: dark) {',
    '  svg { --ink: #e6edf3; --faint: #30363d; --paper: #0d1117; --proxy: #58a6ff; --nginx: #3fb950; --haproxy: #f0883e }',
    '}',
    'text { fill: var(--ink) } .grid { stroke: var(--faint) } rect { fill: var(--paper) }',
    ...contenders.map((name) => `.${name} { fill: var(--${name}); stroke: var(--${name}) }`),
    '</style>',
    `<rect width="${width}" height="${top}"/>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n')
}

type Ends = readonly [number, number]

/** Whole steps of 1, 2, 5 around all values. */
function endsOf(measured: readonly Measured[]): Ends {
  const values = measured.flatMap(({ cells }) =>
    cells.flatMap(({ samples }) => contenders.flatMap((name) => cpu(samples, name))),
  )
  return [Math.min(...values) * 0.8, Math.max(...values) * 1.25]
}

const cpu = (samples: Samples, name: (typeof contenders)[number]): number[] =>
  (samples[name] ?? []).map(({ cpuMicrosPerEvent }) => cpuMicrosPerEvent)

const x = (value: number, [low, high]: Ends): number =>
  Math.round((left + ((width - left - right) * Math.log(value / low)) / Math.log(high / low)) * 10) / 10

function panel({ protocol, cells }: Measured, top: number, ends: Ends): string[] {
  const bottom = top + headHeight + cells.length * rowHeight
  const title = `${protocol === 'http' ? 'HTTP' : 'gRPC'}: CPU time of the proxy per event, µs`
  return [
    `<text x="12" y="${top + 24}" font-size="15" font-weight="600">${title}</text>`,
    ...contenders.map((name, index) => legend(name, left + index * 90, top + 46)),
    ...ticks(ends).flatMap((value) => [
      `<line class="grid" x1="${x(value, ends)}" x2="${x(value, ends)}" y1="${top + headHeight - 6}" y2="${bottom}"/>`,
      `<text x="${x(value, ends)}" y="${bottom + 14}" text-anchor="middle">${value}</text>`,
    ]),
    ...cells.flatMap(({ cell, samples }, index) => row(cell, samples, top + headHeight + index * rowHeight + 8, ends)),
  ]
}

const legend = (name: string, at: number, y: number): string =>
  `<circle class="${name}" cx="${at}" cy="${y - 4}" r="4"/><text x="${at + 9}" y="${y}">${name}</text>`

function row(cell: Cell, samples: Samples, y: number, ends: Ends): string[] {
  const load = cell.rate === undefined ? `× ${cell.concurrency}` : `at ${cell.rate}/s`
  const label = `${sizeName(cell.bytes)} ${load}, ${cell.replicas} ${cell.replicas === 1 ? 'replica' : 'replicas'}`
  return [
    `<text x="${left - 14}" y="${y + 4}" text-anchor="end">${label}</text>`,
    ...contenders.flatMap((name) => {
      const values = cpu(samples, name)
      if (values.length === 0) return []
      const { median, spread } = figure(values)
      const [from, to] = spread.map((value) => x(value, ends))
      return [
        `<line class="${name}" x1="${from}" x2="${to}" y1="${y}" y2="${y}" stroke-width="2" opacity="0.45"/>`,
        `<circle class="${name}" cx="${x(median, ends)}" cy="${y}" r="4"/>`,
      ]
    }),
  ]
}

const ticks = ([low, high]: Ends): number[] =>
  [0.1, 1, 10, 100, 1000, 10_000]
    .flatMap((power) => [power, 2 * power, 5 * power])
    .filter((value) => value > low && value < high)

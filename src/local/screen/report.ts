// What a run shows of itself: numbers in, lines of text out.

import type { AppProtocol } from '../../shared/app-protocol.ts'
import type { Counts } from '../sidecar/broker/tally.ts'

export interface ReplicaReport {
  readonly name: string
  readonly isUp: boolean
  readonly events: number
}

export interface FunctionReport {
  readonly name: string
  readonly protocol: AppProtocol
  readonly counts: Counts
  readonly held: number
  readonly p50Ms: number | undefined
  readonly p99Ms: number | undefined
  readonly replicas: readonly ReplicaReport[]
}

const headings = ['FUNCTION', 'PROTOCOL', 'PUBLISHED', 'DELIVERED', 'FAILED', 'HELD', 'DROPPED', 'P50', 'P99']

/** The live table of a terminal: a row for each Function, and one below it for each of its replicas. */
export function table(reports: readonly FunctionReport[]): string[] {
  const rows = reports.flatMap((report) => [functionRow(report), ...report.replicas.map(replicaRow)])
  const all = [headings, ...rows]
  const widths = headings.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  return all.map((row) =>
    row
      .map((cell, column) => pad(cell, widths[column] ?? 0, column))
      .join('  ')
      .trimEnd(),
  )
}

function functionRow({ name, protocol, counts, held, p50Ms, p99Ms }: FunctionReport): string[] {
  const numbers = [counts.published, counts.delivered, counts.failed, held, counts.dropped].map(String)
  return [name, protocol, ...numbers, milliseconds(p50Ms), milliseconds(p99Ms)]
}

const replicaRow = ({ name, isUp, events }: ReplicaReport): string[] => [
  `  ${name}`,
  isUp ? '' : 'gone',
  '',
  String(events),
]

// Names to the left, numbers to the right.
const pad = (cell: string, width: number, column: number): string =>
  column < 2 ? cell.padEnd(width) : cell.padStart(width)

/** One Function in one line, where nothing can be redrawn. */
export function line({ name, protocol, counts, held, p50Ms, p99Ms, replicas }: FunctionReport): string {
  const { published, delivered, failed } = counts
  const numbers = `published ${published}, delivered ${delivered}, failed attempts ${failed}, held ${held}`
  const latency = `p50 ${milliseconds(p50Ms)}, p99 ${milliseconds(p99Ms)}`
  return `${name} (${protocol}): ${numbers}, ${latency}; ${replicas.map(replicaText).join(', ')}`
}

const replicaText = ({ name, isUp, events }: ReplicaReport): string => `${name} ${events}${isUp ? '' : ' (gone)'}`

const milliseconds = (value: number | undefined): string => (value === undefined ? '-' : `${value.toFixed(1)}ms`)

export interface Summary {
  readonly lines: readonly string[]
  readonly lost: number
}

/** For each protocol what was delivered and lost, and each replica's share. */
export function summary(reports: readonly FunctionReport[]): Summary {
  const withEvents = reports.filter(({ counts }) => counts.published > 0)
  const perProtocol = (['http', 'grpc', 'https', 'grpcs'] as const).flatMap((protocol) => {
    const of = reports.filter((report) => report.protocol === protocol)
    return of.length === 0 ? [] : [protocolLine(protocol, of)]
  })
  const shares = withEvents.map(({ name, replicas }) => `  ${name}: ${replicas.map(replicaText).join(', ')}`)
  return { lines: [...perProtocol, ...shares], lost: total(reports, 'lost') }
}

function protocolLine(protocol: string, reports: readonly FunctionReport[]): string {
  const of = (key: keyof Counts) => total(reports, key)
  const parts = [
    `published ${of('published')}`,
    `delivered ${of('delivered')}`,
    `dropped by the function ${of('dropped')}`,
    `failed attempts ${of('failed')}`,
    `lost ${of('lost')}`,
  ]
  const [pending, unhandled] = [of('pending'), of('unhandled')]
  if (pending > 0) parts.push(`of these still under way ${pending}`)
  if (unhandled > 0) parts.push(`of these without a handler (404, UNIMPLEMENTED) ${unhandled}`)
  return `${protocol}: ${parts.join(', ')}`
}

const total = (reports: readonly FunctionReport[], key: keyof Counts): number =>
  reports.reduce((sum, { counts }) => sum + counts[key], 0)

// The loads that are measured: one table, from which the names in the report, the baseline and the plot follow.

import type { ContenderName, Protocol } from './contenders.ts'

export interface Cell {
  readonly protocol: Protocol
  readonly bytes: number
  /** Events under way at any time; or, with `rate`, what the rate brings. */
  readonly concurrency: number
  readonly replicas: 1 | 3 | 100
  /** Events a second; without it, as many as the proxy takes. */
  readonly rate?: number
}

export const fixedRate = 3000
const kib = 1024

/** The one that the others are a variation of. */
export const usual = { bytes: kib, concurrency: 32, replicas: 3 } as const

export function cellsOf(protocol: Protocol, isQuick: boolean): Cell[] {
  const cell = (change: Partial<Cell>): Cell => ({ protocol, ...usual, ...change })
  const loads = [64, kib, 64 * kib].flatMap((bytes) => [1, 32, 256].map((concurrency) => cell({ bytes, concurrency })))
  const quick = [cell({ concurrency: 1 }), cell({})]
  // Those that are compared with each other follow each other, so that the machine is the same for both.
  return [...(isQuick ? quick : loads), cell({ replicas: 1 }), cell({ replicas: 100 }), cell({ rate: fixedRate })]
}

/** A relay of bytes knows one replica alone, so how many there are is nothing to it. */
export const isFor = (name: ContenderName, { replicas }: Pick<Cell, 'replicas'>): boolean =>
  name !== 'byte relay' || replicas === usual.replicas

export const sizeName = (bytes: number): string => (bytes < kib ? `${bytes} B` : `${bytes / kib} KiB`)

export function cellName({ protocol, bytes, concurrency, replicas, rate }: Cell): string {
  const load = rate === undefined ? `× ${concurrency}` : `at ${rate}/s`
  return `${protocol} ${sizeName(bytes)} ${load}, ${replicas} ${replicas === 1 ? 'replica' : 'replicas'}`
}

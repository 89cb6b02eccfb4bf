// The ratios of the last accepted state, and what has become worse since.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Ratio } from './ratios.ts'

const file = fileURLToPath(new URL('baseline.json', import.meta.url))

/** A ratio may be worse by a quarter before it counts: that much two runs of the same build differ on a busy machine. */
export const tolerance = 1.25

export type Baseline = Readonly<Record<string, number>>

export const readBaseline = (): Baseline => (existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {})

/** With `isPart` what was not measured stays as it was. */
export function writeBaseline(ratios: readonly Ratio[], isPart: boolean): void {
  const fresh = Object.fromEntries(ratios.map(({ name, value }) => [name, Number(value.median.toPrecision(3))]))
  writeFileSync(file, `${JSON.stringify(isPart ? { ...readBaseline(), ...fresh } : fresh, undefined, 2)}\n`)
}

/** Those that the baseline knows and that are worse than it allows. */
export function worseThan(baseline: Baseline, ratios: readonly Ratio[]): Ratio[] {
  return ratios.filter(({ name, value }) => value.median > (baseline[name] ?? Number.POSITIVE_INFINITY) * tolerance)
}

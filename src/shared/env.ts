// Readers for settings that come as text: each call takes one variable, and all problems are reported together.

import type { Problem } from './func-context.ts'

export type Env = Readonly<Record<string, string | undefined>>

/** Exit code of a process that was configured wrongly (EX_USAGE of sysexits). */
export const exitWrongConfiguration = 64

/** All that is wrong with a configuration, one line each, ready to be printed. */
export class ConfigurationError extends Error {
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    const lines = problems.map(({ field, message }) => `  ${field} ${message}`)
    super(`wrong configuration:\n${lines.join('\n')}`)
    this.name = 'ConfigurationError'
    this.problems = problems
  }
}

/** Reads variables one by one; `finish` throws a ConfigurationError if any of them was wrong. An empty variable counts as unset. */
export class EnvReader {
  readonly #env: Env
  readonly #problems: Problem[] = []

  constructor(env: Env) {
    this.#env = env
  }

  text(name: string): string | undefined {
    const value = this.#env[name]?.trim()
    return value === '' ? undefined : value
  }

  integer(name: string, fallback: number, range: { readonly min: number; readonly max: number }): number {
    const text = this.text(name)
    if (text === undefined) return fallback
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= range.min && value <= range.max) return value
    this.problem(name, `is "${text}"; give a whole number from ${range.min} to ${range.max}`)
    return fallback
  }

  port(name: string, fallback: number, min: 0 | 1 = 1): number {
    return this.integer(name, fallback, { min, max: 65535 })
  }

  oneOf<T extends string>(name: string, choices: readonly T[], fallback: T): T {
    const text = this.text(name)
    if (text === undefined) return fallback
    const choice = choices.find((candidate) => candidate === text.toLowerCase())
    if (choice !== undefined) return choice
    this.problem(name, `is "${text}"; give one of ${choices.join(', ')}`)
    return fallback
  }

  /** A duration such as `250ms`, `30s` or `5m`, in milliseconds. */
  durationMs(name: string, fallbackMs: number): number {
    const text = this.text(name)
    if (text === undefined) return fallbackMs
    const value = parseDurationMs(text)
    if (value !== undefined) return value
    this.problem(name, `is "${text}"; give a duration such as 250ms, 30s or 5m`)
    return fallbackMs
  }

  problem(field: string, message: string): void {
    this.#problems.push({ field, message })
  }

  /** Throws a ConfigurationError with every problem found so far. */
  finish(): void {
    if (this.#problems.length > 0) throw new ConfigurationError(this.#problems)
  }
}

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

// Longer delays overflow the 32-bit timers of Node, which then fire at once.
const longestMs = 2_147_483_647

/** `30s` → 30000; undefined if the text is no duration. */
export function parseDurationMs(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text.trim())
  if (!match) return undefined
  const value = Number(match[1]) * (unitsMs[match[2] ?? ''] ?? Number.NaN)
  return value <= longestMs ? value : undefined
}

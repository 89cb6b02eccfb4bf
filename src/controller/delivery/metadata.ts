// Reads the metadata of a component as Dapr does: names in any case, numbers and switches also as text.

import type { ComponentSpec } from '../function.ts'

export class Metadata {
  readonly #items: ComponentSpec['metadata']

  constructor(items: ComponentSpec['metadata']) {
    this.#items = items
  }

  has(name: string): boolean {
    return this.#find(name) !== undefined
  }

  /** Undefined if it is not there, or hidden in a Secret. */
  text(name: string): string | undefined {
    const value = this.#find(name)?.value
    return value === undefined || value === null || typeof value === 'object' ? undefined : String(value)
  }

  flag(name: string, fallback: boolean): boolean {
    const text = this.text(name)
    return text === undefined ? fallback : /^(1|y|yes|true|t|on)$/i.test(text)
  }

  /** Milliseconds. A plain number is milliseconds too; `1m30s` is Go's way to write a duration. */
  durationMs(name: string, fallbackMs: number): number {
    return durationMs(this.text(name) ?? '') ?? fallbackMs
  }

  #find(name: string): ComponentSpec['metadata'][number] | undefined {
    const wanted = name.toLowerCase()
    return this.#items.find((item) => typeof item?.name === 'string' && item.name.toLowerCase() === wanted)
  }
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

export function durationMs(text: string): number | undefined {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  const parts = [...text.matchAll(/(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h)/g)]
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) return undefined
  return parts.reduce((sum, [, value, unit = '']) => sum + Number(value) * (unitMs[unit] ?? 0), 0)
}

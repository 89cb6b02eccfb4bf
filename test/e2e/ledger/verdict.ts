// What a ledger proves: what is missing, what came twice, what nobody published, order per key, shares of replicas.
import type { Handled, Published } from './ledger.ts'

export interface Verdict {
  readonly published: number
  readonly handled: number
  readonly missing: readonly string[]
  /** id → how often it was handled, for those handled more than once. */
  readonly duplicates: ReadonlyMap<string, number>
  readonly unknown: readonly string[]
  /** Pairs of one key whose first handlings came in the wrong order. */
  readonly swapped: readonly (readonly [earlier: string, later: string])[]
  /** replica → events handled, repeated ones included. */
  readonly shares: ReadonlyMap<string, number>
}

export function verdict(published: readonly Published[], handled: readonly Handled[]): Verdict {
  const times = count(handled.map(({ id }) => id))
  const known = new Set(published.map(({ id }) => id))
  return {
    published: known.size,
    handled: times.size,
    missing: [...known].filter((id) => !times.has(id)),
    duplicates: new Map([...times].filter(([, n]) => n > 1)),
    unknown: [...times.keys()].filter((id) => !known.has(id)),
    swapped: swapped(published, handled),
    shares: count(handled.map(({ replica }) => replica)),
  }
}

function swapped(published: readonly Published[], handled: readonly Handled[]) {
  const place = new Map(published.map(({ id, key }, index) => [id, { key, index }]))
  const last = new Map<string, { id: string; index: number }>()
  const seen = new Set<string>()
  const pairs: [string, string][] = []
  for (const { id } of handled) {
    const at = place.get(id)
    if (at === undefined || seen.has(id)) continue
    seen.add(id)
    const before = last.get(at.key)
    if (before !== undefined && before.index > at.index) pairs.push([id, before.id])
    if (before === undefined || before.index < at.index) last.set(at.key, { id, index: at.index })
  }
  return pairs
}

/** The largest distance of a replica's share from an even one, as a part of the even one. */
export function unevenness({ shares }: Verdict, replicas: number): number {
  const counts = [...shares.values()]
  while (counts.length < replicas) counts.push(0)
  const even = counts.reduce((sum, n) => sum + n, 0) / counts.length
  return even === 0 ? 0 : Math.max(...counts.map((n) => Math.abs(n - even))) / even
}

function count(values: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return counts
}

import { expect, test } from 'vitest'
import type { Candidate } from './policy.ts'
import { rendezvous } from './rendezvous.ts'

const replicas = (count: number): Candidate[] =>
  Array.from({ length: count }, (_, index) => ({
    address: `10.0.0.${index + 1}:8080`,
    load: { busy: () => 0, latencyMs: () => 0 },
    weight: () => 1,
  }))
const keys = Array.from({ length: 10_000 }, (_, index) => `order-${index}`)
const policy = rendezvous((candidates) => candidates[0] as never)
const placesOf = (candidates: readonly Candidate[]) => keys.map((key) => policy(candidates, 0, key).address)

test('spreads the keys evenly', () => {
  const counts = new Map<string, number>()
  for (const address of placesOf(replicas(8))) counts.set(address, (counts.get(address) ?? 0) + 1)

  expect(counts.size).toBe(8)
  expect(Math.max(...counts.values())).toBeLessThan((10_000 / 8) * 1.1)
})

test('moves the keys of a replica that leaves, and no others', () => {
  const all = replicas(8)
  const before = placesOf(all)
  const after = placesOf(all.slice(1))

  const moved = before.filter((address, index) => address !== after[index])
  expect(new Set(moved)).toEqual(new Set(['10.0.0.1:8080']))
})

test('an event without a key goes where the other policy says', () => {
  const all = replicas(3)

  expect(policy(all, 0)).toBe(all[0])
})

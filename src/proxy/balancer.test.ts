import { describe, expect, test } from 'vitest'
import { lease, leastLoadedOfTwo } from './balancer.ts'

const replicas = (...inFlight: number[]) => inFlight.map((count) => ({ inFlight: count }))
const none = new Set<{ inFlight: number }>()

describe('leastLoadedOfTwo', () => {
  test('takes the less loaded of the two that chance names', () => {
    const [, second] = replicas(5, 1, 9) as [object, { inFlight: number }]
    const draws = [0, 0]
    const pick = leastLoadedOfTwo(() => draws.shift() as number)

    expect(pick([{ inFlight: 5 }, second, { inFlight: 9 }])).toBe(second)
  })

  test('never compares a replica with itself', () => {
    const pick = leastLoadedOfTwo(Math.random)
    const candidates = replicas(0, 7)

    for (let i = 0; i < 100; i += 1) expect(pick(candidates)).toBe(candidates[0])
  })

  test('spreads equal load evenly', () => {
    const pick = leastLoadedOfTwo(Math.random)
    const candidates = replicas(0, 0, 0, 0)
    for (let i = 0; i < 4000; i += 1) pick(candidates).inFlight += 1

    for (const { inFlight } of candidates) expect(Math.abs(inFlight - 1000)).toBeLessThan(10)
  })
})

describe('lease', () => {
  test('counts a replica as busy until it is released', () => {
    const candidates = replicas(0)
    const taken = lease(leastLoadedOfTwo(Math.random), candidates, none)

    expect(candidates[0]?.inFlight).toBe(1)
    taken?.release()
    expect(candidates[0]?.inFlight).toBe(0)
  })

  test('finds none when all are excepted', () => {
    const candidates = replicas(0, 0)

    expect(lease(leastLoadedOfTwo(Math.random), candidates, new Set(candidates))).toBeUndefined()
    expect(lease(leastLoadedOfTwo(Math.random), [], none)).toBeUndefined()
  })
})

import { expect, test } from 'vitest'
import { createWorld, type Mode } from '../../../test/support/fake-replicas.ts'

/** One event is at work on the first of two replicas when that one changes and leaves the set. */
async function leaveWith(mode: Mode) {
  const world = createWorld(2)
  await world.time.play(0)
  world.core.replicas.replace(world.at(0))
  for (const fake of world.fakes) fake.latencyMs = () => 100_000
  const outcome = world.send('topic')
  await world.time.play(100)
  const [first, second] = world.fakes
  if (first) first.mode = mode
  if (second) second.latencyMs = () => 5
  world.core.replicas.replace(world.at(1))
  return { ...world, outcome }
}

test('what is in flight on a host that is silent for half a minute is given up, and runs elsewhere', async () => {
  const { time, told, outcome, deliveries } = await leaveWith('silent')
  await time.play(30_000)
  const early = told[0]?.outcome
  await time.play(20_000)

  expect(early).toBeUndefined()
  expect(await outcome).toEqual({ kind: 'answered', verdict: 'success' })
  expect(deliveries[0]).toMatchObject({ attempts: 2, replica: '10.0.0.1:2' })
})

test.each(['refuse', 'busy', 'up'] as const)('a replica that left and is still alive (%s) may finish', async (mode) => {
  const { time, fakes, deliveries } = await leaveWith(mode)
  await time.play(99_000)
  const during = fakes[0]?.inFlight
  await time.play(2000)

  expect(during).toBe(1)
  expect(deliveries[0]).toMatchObject({ attempts: 1, replica: '10.0.0.1:1' })
})

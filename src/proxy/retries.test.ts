// When an event is sent again, and what is counted of it.

import { expect, test } from 'vitest'
import { createWorld, type FakeReplica, type World } from '../../test/support/fake-replicas.ts'

const first = ({ fakes }: World) => fakes[0] as FakeReplica
const outcomes = ({ told }: World, kind: string) => told.filter(({ outcome }) => outcome?.kind === kind).length

/** A world whose only known replica took so many events and died of them. */
async function killed(events: number, replicas = 1): Promise<World> {
  const world = createWorld(replicas, { maxHeld: 1000 })
  world.core.replicas.replace(world.at(0))
  await world.time.play(10)
  await kill(world, events)
  return world
}

async function kill(world: World, events: number): Promise<void> {
  first(world).become('hang')
  // An unreachable replica is found again by a probe.
  await world.time.play(2000)
  for (let i = 0; i < events; i += 1) world.send()
  await world.time.play(10)
  first(world).become('refuse')
  await world.time.play(10)
}

test('an event that broke and finds nobody afterwards is broken, and was no retry', async () => {
  const world = await killed(3)
  await world.time.play(31_000)

  expect(outcomes(world, 'broken')).toBe(3)
  expect(world.retries).toEqual([])
})

test('the retry counts when it leaves, by why the try before it failed', async () => {
  const world = await killed(3, 2)
  expect(world.retries).toEqual([])
  world.core.replicas.replace(world.at(1))
  await world.time.play(2000)

  expect(outcomes(world, 'answered')).toBe(3)
  expect(world.retries).toEqual(['broken', 'broken', 'broken'])
})

test('each break counts once as a possible second run, whatever comes of the event', async () => {
  const world = await killed(1, 2)
  // Its second try leaves, and certainly did not run.
  world.fakes[1]?.become('booting')
  world.core.replicas.replace(world.at(1))
  await world.time.play(31_000)

  expect(world.retries[0]).toBe('broken')
  expect(world.deliveries).toMatchObject([{ outcome: { kind: 'broken' }, breaks: 1 }])
})

test('what only waits for a second run takes nothing from the budget of those that have one', async () => {
  // A fifth of all events, and forty before the first answer.
  const world = await killed(60)
  for (const { sender } of world.told) sender.leave()
  await world.time.play(1)
  await kill(world, 60)
  first(world).become('up')
  await world.time.play(5000)

  expect([outcomes(world, 'broken'), outcomes(world, 'answered')]).toEqual([60, 60])
})

test('what certainly did not run takes nothing from it either', async () => {
  const world = createWorld(1, { maxHeld: 1000 })
  await world.time.play(10)
  first(world).become('booting')
  for (let i = 0; i < 30; i += 1) world.send()
  await world.time.play(5000)
  first(world).become('up')
  await world.time.play(1000)
  expect(world.retries.length).toBeGreaterThan(150)
  await kill(world, 50)
  first(world).become('up')
  await world.time.play(2000)

  expect([outcomes(world, 'answered'), outcomes(world, 'broken')]).toEqual([80, 0])
})

test('whoever has waited while others used up the budget is given back', async () => {
  const world = await killed(200)
  first(world).become('up')
  await world.time.play(10_000)

  expect([outcomes(world, 'answered'), outcomes(world, 'broken'), world.retries.length]).toEqual([80, 120, 80])
})

test('an event that nobody took is no retry until somebody may take it', async () => {
  const world = createWorld(1)
  first(world).become('booting')
  world.send()
  await world.time.play(1)
  expect([first(world).sent, world.retries.length]).toEqual([1, 0])
  await world.time.play(31_000)

  // Each try but the first.
  expect(world.retries.length).toBe(first(world).sent - 1)
  expect(world.retries.length).toBeGreaterThan(10)
})

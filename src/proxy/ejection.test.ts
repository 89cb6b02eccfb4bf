// One replica of several fails while the others work: when it leaves, how it comes back, and what the others have of it.

import { expect, test } from 'vitest'
import { createWorld, type FakeReplica, type Mode, type World } from '../../test/support/fake-replicas.ts'

async function create(count = 4): Promise<World & { readonly bad: FakeReplica }> {
  // Round robin, so that each replica is asked for sure; no jitter.
  const world = createWorld(count, { balance: 'round-robin' }, () => 0)
  await world.time.play(20_000)
  return { ...world, bad: world.fakes[0] as FakeReplica }
}

async function sendEach(world: World, rounds: number): Promise<void> {
  for (let i = 0; i < rounds * world.fakes.length; i += 1) {
    world.send('topic')
    await world.time.play(6)
  }
}

async function untilSent(world: World & { readonly bad: FakeReplica }, count: number): Promise<void> {
  while (world.bad.sent < count) {
    world.send('topic')
    await world.time.play(12)
  }
}

const stateOf = ({ core }: World) => core.replicas.current()[0]?.state

test('five broken connections in a row eject it; four do not', async () => {
  const world = await create()
  world.bad.become('break')
  await untilSent(world, 4)
  const after4 = stateOf(world)
  await untilSent(world, 5)

  expect([after4, stateOf(world)]).toEqual(['ready', 'ejected'])
  expect(world.ejections).toEqual(['10.0.0.1:1'])
  expect(world.told.every(({ outcome }) => outcome?.kind === 'answered')).toBe(true)
})

test('what a function answers never ejects it', async () => {
  const world = await create()
  world.bad.become('fail')
  await sendEach(world, 20)

  expect(stateOf(world)).toBe('ready')
})

test('a refused connection takes it out at once, and its port opening brings it back', async () => {
  const world = await create()
  world.bad.become('refuse')
  await sendEach(world, 5)
  const [state, sent] = [stateOf(world), world.bad.sent]
  world.bad.become('up')
  await world.time.play(200)

  expect([state, sent, stateOf(world)]).toEqual(['unreachable', 1, 'ready'])
})

test('it is out for one second, then for two, and one event at a time tries it', async () => {
  const world = await create()
  world.bad.become('break')
  await sendEach(world, 5)
  await world.time.play(1000)
  const before = world.bad.sent
  world.bad.latencyMs = () => 50
  for (let i = 0; i < 8; i += 1) world.send('topic')
  await world.time.play(10)
  const during = world.bad.sent - before
  await world.time.play(1900)
  const second = stateOf(world)
  await world.time.play(200)

  expect([during, second, stateOf(world)]).toEqual([1, 'ejected', 'trial'])
})

test('one event that is answered brings it back', async () => {
  const world = await create()
  world.bad.become('break')
  await sendEach(world, 5)
  world.bad.become('up')
  await world.time.play(1000)
  world.send('topic')
  await world.time.play(10)

  expect(stateOf(world)).toBe('ready')
})

test('an invocation is no trial: it was promised no second run', async () => {
  const world = await create()
  world.bad.become('break')
  await sendEach(world, 5)
  await world.time.play(1000)
  const before = world.bad.sent
  for (let i = 0; i < 8; i += 1) world.send('invoke')
  await world.time.play(10)

  expect(world.bad.sent).toBe(before)
})

test('a sender who leaves during the trial leaves it open', async () => {
  const world = await create()
  world.bad.become('break')
  await sendEach(world, 5)
  world.bad.become('up')
  await world.time.play(1000)
  world.send('topic')
  world.told.at(-1)?.sender.leave()
  await world.time.play(10)
  const after = stateOf(world)
  world.send('topic')
  await world.time.play(10)

  expect([after, stateOf(world)]).toEqual(['trial', 'ready'])
})

test.each([
  [1, 0],
  [2, 1],
  [3, 1],
  [4, 2],
  [5, 2],
])('of %i that all break, %i are ejected at most', async (count, most) => {
  const world = await create(count)
  for (const fake of world.fakes) fake.become('break')
  for (let i = 0; i < 60; i += 1) {
    world.send('invoke')
    await world.time.play(6)
  }
  const out = world.core.replicas.current().filter(({ state }) => state !== 'ready')

  expect(out.length).toBe(most)
})

test('when most of those that take connections fail, all of them are used', async () => {
  const world = await create()
  for (const fake of world.fakes.slice(0, 2)) fake.become('break')
  while (world.ejections.length < 2) {
    world.send('invoke')
    await world.time.play(6)
  }
  const before = world.core.replicas.usable().length
  world.fakes[2]?.become('refuse')
  await sendEach(world, 1)

  expect([before, world.core.replicas.usable().length]).toEqual([2, 3])
})

test.each<[Mode, string, number]>([
  ['break', 'topic', 2],
  ['break', 'binding', 2],
  ['break', 'invoke', 1],
  ['refuse', 'invoke', 2],
])('%s of the first replica gives a %s %i attempts', async (mode, kind, attempts) => {
  const world = await create(2)
  world.bad.become(mode)
  while (world.bad.sent === 0) {
    world.send(kind as 'topic')
    await world.time.play(10)
  }

  expect(world.deliveries.at(-1)?.attempts).toBe(attempts)
  expect(world.retries.length).toBe(attempts - 1)
})

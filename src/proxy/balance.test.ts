// How the policies share work out, in virtual time: figures, not opinions.

import { describe, expect, test } from 'vitest'
import { createWorld, type FakeReplica, seeded, type World } from '../../test/support/fake-replicas.ts'

const random = seeded(7)
/** Mostly about `meanMs`, and one in a hundred ten times as long, as garbage collection does it. */
const around = (meanMs: number) => () => (random() < 0.01 ? 10 * meanMs : meanMs * (0.5 + random()))

/** Keeps `lanes` events under way for `ms`, with pauses between those of one lane. */
async function load(world: World, lanes: number, ms: number, pauseMs = 0): Promise<void> {
  const endMs = world.time.now() + ms
  const lane = async () => {
    while (world.time.now() < endMs) {
      await world.send('topic')
      if (pauseMs > 0) await new Promise<void>((resolve) => world.time.after(pauseMs, resolve))
    }
  }
  for (let i = 0; i < lanes; i += 1) lane()
  await world.time.play(ms)
}

/** So many events a second, whatever becomes of those before. */
async function sendSteadily(world: World, perSecond: number, ms: number): Promise<void> {
  for (let i = 0; i < (perSecond * ms) / 1000; i += 1) {
    world.send('topic')
    await world.time.play(1000 / perSecond)
  }
}

/** All replicas fail for a minute: how often is each event of it tried? */
async function attemptsEach(world: World, perSecond: number, mode: 'break' | 'fail'): Promise<number> {
  for (const fake of world.fakes) {
    fake.become(mode)
    fake.sent = 0
  }
  const before = world.told.length
  await sendSteadily(world, perSecond, 60_000)
  // What is on its way yet.
  await world.time.play(60_000)
  return world.fakes.reduce((sum, { sent }) => sum + sent, 0) / (world.told.length - before)
}

/** The part of all events that each replica is sent meanwhile. */
async function shares(world: World, lanes: number, ms: number, pauseMs = 0): Promise<number[]> {
  const before = world.fakes.map(({ sent }) => sent)
  await load(world, lanes, ms, pauseMs)
  const counts = world.fakes.map(({ sent }, index) => sent - (before[index] ?? 0))
  const total = counts.reduce((sum, each) => sum + each, 0)
  return counts.map((each) => each / total)
}

async function create(count: number, settings: Parameters<typeof createWorld>[1] = {}): Promise<World> {
  const world = createWorld(count, settings, random)
  for (const fake of world.fakes) fake.latencyMs = around(5)
  await world.time.play(11_000)
  return world
}

const last = ({ fakes }: World) => fakes.at(-1) as FakeReplica
const percentile = (values: number[], part: number) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * part)] ?? 0

describe('least-loaded', () => {
  test.each([
    [1, 40_000, 1.25],
    [4, 10_000, 1.1],
    [32, 5000, 1.1],
    [128, 2000, 1.1],
  ])('eight equal replicas share equally at %i events at a time', async (lanes, ms, most) => {
    const world = await create(8)
    const parts = await shares(world, lanes, ms)

    expect(Math.max(...parts) * 8).toBeLessThan(most)
  })

  test('nor does a long event now and then make its replica idle where nobody has much to do', async () => {
    const world = await create(8)
    await load(world, 16, 1000, 15)
    const parts = await shares(world, 16, 5000, 15)

    expect(Math.max(...parts) * 8).toBeLessThan(1.1)
  })

  test('a pause of the proxy, as a busy machine makes them, does not make a slow replica look like the others', async () => {
    const world = await create(4)
    // In the first 50 ms of each second nothing is read.
    const seenAfter = (ms: number) => {
      const nowMs = world.time.now()
      const pauseMs = Math.floor((nowMs + ms) / 1000) * 1000
      return Math.max(nowMs + ms, pauseMs + 50) - nowMs
    }
    for (const fake of world.fakes) fake.latencyMs = () => seenAfter(4 + 2 * random())
    last(world).latencyMs = () => seenAfter(40 + 20 * random())
    await load(world, 16, 1000, 15)
    const parts = await shares(world, 16, 5000, 15)

    expect(parts.at(-1)).toBeLessThan(0.02)
  })

  test('a replica that is ten times slower gets little, and half the p99 of round robin is enough', async () => {
    const tail = async (balance: 'least-loaded' | 'round-robin') => {
      const world = await create(4, { balance })
      for (const fake of world.fakes) fake.latencyMs = () => 4 + 2 * random()
      last(world).latencyMs = () => 40 + 20 * random()
      const parts = await shares(world, 16, 5000)
      const took = world.deliveries.map(({ startedMs, endedMs }) => endedMs - startedMs)
      return { share: parts.at(-1) ?? 0, p99: percentile(took, 0.99) }
    }
    const [ours, plain] = [await tail('least-loaded'), await tail('round-robin')]

    expect(ours.share).toBeLessThan(0.25 / 2)
    expect(ours.p99).toBeLessThan(plain.p99 / 2)
  })

  test.each([
    ['answers with an error of its own at once', 'fail'],
    ['breaks off at once', 'break'],
  ] as const)('a replica that %s gets two percent at most after a second', async (_what, mode) => {
    for (const lanes of [1, 16, 64]) {
      const world = await create(4)
      await load(world, lanes, 1000)
      last(world).become(mode)
      last(world).latencyMs = () => 0.1
      await load(world, lanes, 1000)
      const parts = await shares(world, lanes, 3000)

      expect(parts.at(-1)).toBeLessThan(0.02)
    }
  })

  test('nor does it where events take a second', async () => {
    const world = await create(4)
    for (const fake of world.fakes) fake.latencyMs = () => 1000
    await load(world, 64, 5000)
    last(world).become('fail')
    last(world).latencyMs = () => 1
    await load(world, 64, 2000)
    const parts = await shares(world, 64, 30_000)

    expect(parts.at(-1)).toBeLessThan(0.025)
  })

  test('when all fail alike, all get their share', async () => {
    const world = await create(4)
    for (const fake of world.fakes) fake.become('fail')
    const parts = await shares(world, 16, 10_000)

    expect(Math.max(...parts) * 4).toBeLessThan(1.2)
  })

  test('one long event among short ones does not keep its replica idle', async () => {
    const world = await create(4)
    let isLong = true
    last(world).latencyMs = () => {
      const ms = isLong ? 10_000 : around(5)()
      isLong = false
      return ms
    }
    await load(world, 16, 10_500)
    const parts = await shares(world, 16, 10_000)

    expect(parts.at(-1)).toBeGreaterThan(0.05)
  })

  test('a new replica begins with little and has its share after ten seconds', async () => {
    const world = createWorld(4, {}, random)
    for (const fake of world.fakes) fake.latencyMs = around(5)
    world.core.replicas.replace(world.at(0, 1, 2))
    await world.time.play(11_000)
    await load(world, 16, 2000)
    world.core.replicas.replace(world.at(0, 1, 2, 3))
    const first = (await shares(world, 16, 1000)).at(-1) ?? 0
    await load(world, 16, 9000)
    const later = (await shares(world, 16, 5000)).at(-1) ?? 0

    expect(first).toBeLessThan(0.25 / 2)
    expect(later * 4).toBeGreaterThan(0.9)
  })

  test('nobody is held back when all are new', async () => {
    const world = createWorld(4, {}, random)
    await world.time.play(0)
    const parts = await shares(world, 16, 1000)

    expect(Math.max(...parts) * 4).toBeLessThan(1.1)
  })

  test('nor when they are ready one after the other', async () => {
    const world = createWorld(3, {}, random)
    world.core.replicas.replace(world.at(0))
    await world.time.play(2000)
    world.core.replicas.replace(world.at(0, 1))
    await world.time.play(500)
    world.core.replicas.replace(world.at(0, 1, 2))
    await world.time.play(0)
    const parts = await shares(world, 16, 1000)

    expect(Math.max(...parts) * 3).toBeLessThan(1.1)
  })
})

test.each(['round-robin', 'random'] as const)('%s spreads evenly and holds new replicas back', async (balance) => {
  const world = createWorld(4, { balance }, random)
  world.core.replicas.replace(world.at(0, 1, 2))
  await world.time.play(11_000)
  const even = await shares(world, 8, 5000)
  world.core.replicas.replace(world.at(0, 1, 2, 3))
  const first = (await shares(world, 8, 1000)).at(-1) ?? 0

  expect(Math.max(...even) * 3).toBeLessThan(1.1)
  expect(first).toBeLessThan(0.25 / 2)
})

test('with one event at a time per replica an event waits for the first that is free', async () => {
  const world = await create(3, { replicaConcurrency: 1 })
  for (const fake of world.fakes) fake.latencyMs = () => 5
  last(world).latencyMs = () => 100_000
  await load(world, 6, 1000)

  expect(Math.max(...world.fakes.map(({ inFlight }) => inFlight))).toBe(1)
  expect(last(world).sent).toBe(1)
  expect((world.fakes[0]?.sent ?? 0) + (world.fakes[1]?.sent ?? 0)).toBeGreaterThan(380)
})

describe('60 seconds in which everything fails', () => {
  const rates = [5, 50, 1000]

  test.each(rates)('%i events a second, each connection breaks: at most 1.2 attempts for an event', async (rate) => {
    const world = await create(4)
    await sendSteadily(world, rate, 10_000)

    expect(await attemptsEach(world, rate, 'break')).toBeLessThanOrEqual(1.2)
  })

  test.each([5, 50])('nor at %i a second where the break takes ten seconds', async (rate) => {
    const world = await create(4)
    for (const fake of world.fakes) fake.latencyMs = () => 10_000

    expect(await attemptsEach(world, rate, 'break')).toBeLessThanOrEqual(1.2)
  })

  test.each(rates)('%i events a second that the function answers with an error: one attempt for each', async (rate) => {
    expect(await attemptsEach(await create(4), rate, 'fail')).toBe(1)
  })

  test('once somebody answers, few events are again tried elsewhere, whichever of four replicas breaks', async () => {
    const world = await create(4)
    await attemptsEach(world, 5, 'break')
    for (const fake of world.fakes) fake.become('up')
    await sendSteadily(world, 5, 5000)
    const before = { told: world.told.length, retries: world.retries.length }
    for (let turn = 0; turn < 40; turn += 1) {
      for (const [index, fake] of world.fakes.entries()) fake.become(index === turn % 4 ? 'break' : 'up')
      await sendSteadily(world, 5, 5000)
    }
    await world.time.play(1000)

    expect(world.told.slice(before.told).every(({ outcome }) => outcome?.kind === 'answered')).toBe(true)
    expect(world.retries.length - before.retries).toBeGreaterThan(20)
  })

  test('one replica that goes on booting is asked at most as often as the pauses allow', async () => {
    const world = await create(1)
    world.fakes[0]?.become('booting')
    for (let i = 0; i < 10; i += 1) world.send('topic')
    await world.time.play(10_000)

    // 50, 100, 200, 400, 800 ms and then every second, each shortened to a half at most.
    expect(world.fakes[0]?.sent).toBeLessThan(10 * 26)
  })

  test('nobody takes a connection: nothing is tried at all, and everything is held', async () => {
    const world = await create(4, { maxHeld: 1000 })
    for (const fake of world.fakes) fake.become('refuse')
    for (let second = 0; second < 20; second += 1) {
      for (let i = 0; i < 10; i += 1) world.send('topic')
      await world.time.play(1000)
    }
    expect(world.fakes.reduce((sum, { sent }) => sum + sent, 0)).toBeLessThan(40)
    for (const fake of world.fakes) fake.become('up')
    await world.time.play(3000)

    expect(world.told.every(({ outcome }) => outcome?.kind === 'answered')).toBe(true)
  })
})

// Whatever the replicas, the network and the senders do, in virtual time: nothing is lost, no bound is exceeded, all comes back.
// CASES=100000 runs more of it.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  createWorld,
  type FakeReplica,
  type Mode,
  seeded,
  type Told,
  type World,
} from '../../test/support/fake-replicas.ts'
import { type Balance, balances } from './policy/policies.ts'

const numRuns = Number(process.env.CASES ?? 10_000)
const count = 4
const maxInFlight = 6
const replicaConcurrency = 3
const maxHeld = 8

const index = fc.integer({ min: 0, max: count - 1 })
const modes: readonly Mode[] = ['up', 'refuse', 'silent', 'break', 'fail', 'booting']
const action = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('send' as const),
      what: fc.constantFrom('topic', 'binding', 'invoke'),
      key: fc.constantFrom(undefined, 'a', 'b'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('mode' as const), replica: index, mode: fc.constantFrom(...modes) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(0, 3, 50, 300, 2000, 12_000) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('leave' as const), nth: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('set' as const), known: fc.uniqueArray(index) }) },
)
type Action = typeof action extends fc.Arbitrary<infer A> ? A : never

/** What must hold at every moment; each replica calls it when it is given an event. */
function watch(world: World, balance: Balance): void {
  const lastOfKey = new Map<string, number>()
  const keysInFlight = new Set<string>()
  const enter = (key: string, id: number) => {
    if (keysInFlight.has(key)) throw new Error('two events of one key at a time')
    if ((lastOfKey.get(key) ?? -1) > id) throw new Error('an event overtakes an earlier one of its key')
    keysInFlight.add(key)
    lastOfKey.set(key, id)
  }
  for (const fake of world.fakes) {
    fake.onSend = () => {
      const total = world.fakes.reduce((sum, { inFlight }) => sum + inFlight, 0)
      if (total >= maxInFlight) throw new Error(`${total} in flight already`)
      if (fake.inFlight >= replicaConcurrency) throw new Error(`${fake.inFlight} in flight on one replica already`)
    }
    fake.onRun = (told) => {
      if (told.answers > 0) throw new Error('an event that was answered runs again')
      if (told.kind === 'invoke' && told.runs > 1) throw new Error('an invocation runs twice')
      if (balance === 'hash' && told.key !== undefined) enter(told.key, told.id)
    }
    fake.onEnd = ({ key }) => {
      if (key !== undefined) keysInFlight.delete(key)
    }
  }
}

async function play(world: World, actions: readonly Action[]): Promise<void> {
  const { time, core, fakes, told } = world
  for (const each of actions) {
    switch (each.do) {
      case 'send': {
        const { key } = each
        world.send(each.what as 'topic', key === undefined ? {} : { identity: () => ({ partitionKey: key }) })
        break
      }
      case 'mode':
        fakes[each.replica]?.become(each.mode)
        break
      case 'pass':
        await time.play(each.ms)
        break
      case 'leave':
        told[each.nth]?.sender.leave()
        break
      case 'set':
        core.replicas.replace(world.at(...each.known))
        break
    }
    if (core.hold.held() > maxHeld + maxInFlight) throw new Error(`${core.hold.held()} held`)
  }
}

function checkOutcome({ outcome, runs, answers, kind }: Told): void {
  if (outcome === undefined) throw new Error('an event without an outcome')
  if (answers !== (outcome.kind === 'answered' ? 1 : 0)) throw new Error(`${outcome.kind}, ${answers} answers`)
  if (runs > 4 || (kind === 'invoke' && runs > 1)) throw new Error(`${kind} ran ${runs} times`)
}

test('no event is lost, none is run again after its answer, no bound is exceeded', { timeout: 1e9 }, () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(action, { maxLength: 25 }),
      fc.constantFrom(...balances),
      fc.integer(),
      async (actions, balance, seed) => {
        const settings = { balance, maxInFlight, replicaConcurrency, maxHeld }
        const world = createWorld(count, settings, seeded(seed))
        watch(world, balance)
        await play(world, actions)
        await world.time.play(120_000)

        const { told, core } = world
        told.forEach(checkOutcome)
        expect(world.deliveries.length).toBe(told.length)
        expect([core.underWay(), core.hold.held(), core.replicas.working().length]).toEqual([0, 0, 0])
        core.replicas.replace([])
        core.stop()
        await world.time.play(300)
        expect(world.time.timers()).toBe(0)
      },
    ),
    { numRuns },
  ),
)

test('there is always a replica while one takes connections, and all of them come back', { timeout: 1e9 }, () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ replica: index, mode: fc.constantFrom(...modes), ms: fc.constantFrom(0, 10, 400, 3000) }), {
        maxLength: 12,
      }),
      fc.integer(),
      async (changes, seed) => {
        const world = createWorld(count, {}, seeded(seed))
        const { time, fakes, core } = world
        await time.play(0)
        for (const { replica, mode, ms } of changes) {
          fakes[replica]?.become(mode)
          for (let passed = 0; passed < ms; passed += 200) {
            world.send('topic')
            world.send('binding')
            await time.play(Math.min(200, ms))
            checkSet(world)
          }
        }
        for (const fake of fakes) fake.become('up')
        // The longest ejection, and an event for each trial.
        for (let second = 0; second < 33; second += 1) {
          await time.play(1000)
          for (const _ of fakes) world.send('topic')
        }
        await time.play(1000)
        expect(core.replicas.current().map(({ state }) => state)).toEqual(fakes.map(() => 'ready'))
        core.stop()
      },
    ),
    { numRuns: Math.ceil(numRuns / 10) },
  ),
)

/** From the last change of a replica to the probe that must have noticed it, in milliseconds: a probe that is silent, and the pause after it. */
const noticedMs = 1500

function checkSet({ core, time, fakes }: World): void {
  const { replicas } = core
  const usable = replicas.usable()
  const isReachable = ({ mode, sinceMs }: FakeReplica) =>
    mode !== 'refuse' && mode !== 'silent' && time.now() - sinceMs > noticedMs
  if (fakes.some(isReachable) && usable.length === 0) throw new Error('no replica, though one takes connections')
  const out = replicas.current().filter(({ state }) => state === 'ejected' || state === 'trial')
  const reachable = replicas.current().filter(({ state }) => state !== 'unreachable')
  const isPanic = usable.length === reachable.length
  if (!isPanic && out.length * 2 > reachable.length) throw new Error('more than half are ejected')
  if (usable.some(({ state }) => state === 'unreachable')) throw new Error('an unreachable one gets events')
}

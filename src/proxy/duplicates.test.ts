import { expect, test } from 'vitest'
import { createWorld } from '../../test/support/fake-replicas.ts'

const identity = (id: string, path = '/orders') => ({ identity: () => ({ id, source: 'shop', path }) })

async function create() {
  const world = createWorld(2, { joinDuplicates: true })
  await world.time.play(0)
  const runs = () => world.fakes.reduce((sum, { sent }) => sum + sent, 0)
  return { ...world, runs }
}

test('an event that comes again while it is at work is answered in the sense of the first', async () => {
  const { time, send, runs, deliveries } = await create()
  const both = [send('topic', identity('1')), send('topic', identity('1'))]
  await time.play(100)

  expect(await Promise.all(both)).toEqual([
    { kind: 'answered', verdict: 'success' },
    { kind: 'joined', verdict: 'success' },
  ])
  expect([runs(), deliveries.length]).toEqual([1, 2])
})

test.each([
  ['another id', 'topic', identity('2')],
  ['another path', 'topic', identity('1', '/urgent')],
  ['no id', 'topic', { identity: () => ({ source: 'shop' }) }],
  ['no identity', 'topic', {}],
  ['a binding', 'binding', identity('1')],
] as const)('%s is another event', async (_what, kind, more) => {
  const { time, send, runs } = await create()
  send('topic', identity('1'))
  send(kind, more)
  await time.play(100)

  expect(runs()).toBe(2)
})

test('it never joins an attempt that is older than ten seconds', async () => {
  const { time, send, fakes, runs } = await create()
  for (const fake of fakes) fake.latencyMs = () => 60_000
  send('topic', identity('1'))
  await time.play(10_001)
  send('topic', identity('1'))

  expect(runs()).toBe(2)
})

test('what comes after the answer runs again', async () => {
  const { time, send, runs } = await create()
  send('topic', identity('1'))
  await time.play(100)
  send('topic', identity('1'))

  expect(runs()).toBe(2)
})

test('it runs by itself when the sender of the first has gone', async () => {
  const { time, send, told, runs } = await create()
  send('topic', identity('1'))
  const second = send('topic', identity('1'))
  told[0]?.sender.leave()
  await time.play(100)

  expect(await second).toEqual({ kind: 'answered', verdict: 'success' })
  expect(runs()).toBe(2)
})

test('several that have joined it then run once for all of them', async () => {
  const { time, send, told, runs } = await create()
  send('topic', identity('1'))
  const joined = [send('topic', identity('1')), send('topic', identity('1'))]
  told[0]?.sender.leave()
  await time.play(100)

  expect(await Promise.all(joined)).toEqual([
    { kind: 'answered', verdict: 'success' },
    { kind: 'joined', verdict: 'success' },
  ])
  expect(runs()).toBe(2)
})

import { expect, test } from 'vitest'
import { VirtualTime } from '../../../test/support/virtual-time.ts'
import { silentObserver } from '../observer.ts'
import type { Reached } from './health.ts'
import { Replicas } from './replicas.ts'

const at = (...ports: number[]) => ports.map((port) => ({ host: '10.0.0.1', port }))
const portsOf = (replicas: readonly { readonly address: string }[]) =>
  replicas.map(({ address }) => Number(address.split(':')[1]))
const settled = () => new Promise(setImmediate)

function create() {
  const closed: number[] = []
  const away = new Map<number, Reached>()
  const time = new VirtualTime(() => 0)
  const replicas = new Replicas<undefined>({
    createClient: ({ port }) => ({
      send: async () => ({ kind: 'not-run', cause: '' }),
      close: () => closed.push(port),
      abandon() {},
    }),
    probe: async ({ port }) => away.get(port) ?? 'accepted',
    time,
    observer: silentObserver,
  })
  return { replicas, closed, away, time }
}

test('keeps the client of a replica that stays, and closes that of one that leaves', () => {
  const { replicas, closed } = create()
  replicas.replace(at(1, 2))
  const [, second] = replicas.current()

  replicas.replace(at(2, 3))

  expect(portsOf(replicas.current())).toEqual([2, 3])
  expect(replicas.current()[0]).toBe(second)
  expect(closed).toEqual([1])
})

test('a replica gets no event before it has taken a connection', async () => {
  const { replicas, away, time } = create()
  away.set(1, 'refused')
  replicas.replace(at(1, 2))
  await settled()
  const before = portsOf(replicas.usable())
  away.delete(1)
  await time.play(200)

  expect([before, portsOf(replicas.usable())]).toEqual([[2], [1, 2]])
})

test('tells those who wait of a gain, and of nothing else', async () => {
  const { replicas } = create()
  let gains = 0
  const stop = replicas.onGain(() => {
    gains += 1
  })

  replicas.replace(at(1))
  await settled()
  replicas.replace(at(1))
  replicas.replace([])
  await settled()
  stop()
  replicas.replace(at(2))
  await settled()

  expect(gains).toBe(1)
})

test('a replica that left still counts as working until its last event is over', async () => {
  const { replicas } = create()
  replicas.replace(at(1))
  await settled()
  const [leaving] = replicas.current()
  leaving?.sent(0)

  replicas.replace([])
  const during = portsOf(replicas.working())
  leaving?.done({ kind: 'answered', verdict: 'success' }, 0, 1)

  expect([during, replicas.working()]).toEqual([[1], []])
})

test('a replica that comes back while it still works on something has that many places taken', async () => {
  const { replicas } = create()
  replicas.replace(at(1))
  const [before] = replicas.current()
  before?.sent(0)
  before?.sent(0)

  replicas.replace([])
  replicas.replace(at(1))
  const [after] = replicas.current()
  const taken = [after?.inFlight]
  before?.done({ kind: 'answered', verdict: 'success' }, 0, 1)
  taken.push(after?.inFlight)
  after?.sent(2)
  before?.done({ kind: 'answered', verdict: 'success' }, 0, 3)
  taken.push(after?.inFlight)

  expect(taken).toEqual([2, 1, 1])
  expect(replicas.working()).toEqual([after])
})

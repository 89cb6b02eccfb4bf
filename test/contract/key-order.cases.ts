// PROXY_BALANCE=hash: events of one key go one by one, in the order in which they came, to one replica. Every protocol runs all of it.

import { describe, expect, onTestFinished, test } from 'vitest'
import { eventually, metric, setUpProxy } from '../support/proxy.ts'
import type { Behaviour, FunctionReplica, Handle, Heard, Sidecar, Wire } from '../support/wire.ts'

const success: Behaviour = { status: 'SUCCESS' }

/** What the functions have done with events, which are called like `a1`: the first one of key `a`. */
function ledger() {
  const begun: string[] = []
  const ended: string[] = []
  const atWork = new Map<string, number>()
  let most = 0
  /** A function that works on an event as `work` says. */
  const replica =
    (work: (id: string) => Behaviour | Promise<Behaviour>): Handle =>
    async ({ data }) => {
      const id = data.toString()
      const key = id.slice(0, 1)
      begun.push(id)
      atWork.set(key, (atWork.get(key) ?? 0) + 1)
      most = Math.max(most, atWork.get(key) ?? 0)
      const behaviour = await work(id)
      atWork.set(key, (atWork.get(key) ?? 0) - 1)
      ended.push(id)
      return behaviour
    }
  return {
    replica,
    begun,
    ended,
    /** Of one key at one time. */
    most: () => most,
    of: (key: string) => ended.filter((id) => id.startsWith(key)),
  }
}

export function keyOrderCases(wire: Wire): void {
  const startFunction = async (handle: Handle): Promise<FunctionReplica> => {
    const replica = await wire.startFunction(handle)
    onTestFinished(() => replica.kill())
    return replica
  }

  const setUp = async (handles: readonly Handle[]) => {
    const replicas = await Promise.all(handles.map(startFunction))
    const ports = replicas.map(({ port }) => port)
    const { proxy, sidecar } = await setUpProxy(wire, ports, { PROXY_BALANCE: 'hash' })
    return { sidecar, inFlight: () => metric(proxy.adminPort, 'dapr_proxy_in_flight') }
  }

  const send = (sidecar: Sidecar, id: string): Promise<Heard> =>
    sidecar.topic(Buffer.from(id), { event: { id, source: 'shop', key: id.slice(0, 1) } })

  /** Sends one behind the other: each has reached the proxy before the next one leaves. While it runs no event may end. */
  const sendInOrder = async (sidecar: Sidecar, ids: readonly string[], inFlight: () => Promise<number>) => {
    const sent: Promise<Heard>[] = []
    for (const id of ids) {
      sent.push(send(sidecar, id))
      await eventually(async () => (await inFlight()) === sent.length)
    }
    return sent
  }

  describe(`key order over ${wire.protocol}`, () => {
    test('one event of a key is at work at a time, whatever the others do', async () => {
      const { replica, begun, most } = ledger()
      const waiting: (() => void)[] = []
      const work = () => new Promise<Behaviour>((resolve) => waiting.push(() => resolve(success)))
      const { sidecar, inFlight } = await setUp([replica(work), replica(work)])

      const sent = await sendInOrder(sidecar, ['a1', 'a2', 'b1', 'a3', 'b2'], inFlight)
      await eventually(() => waiting.length === 2)
      expect(begun.toSorted()).toEqual(['a1', 'b1'])
      while (begun.length < 5 || waiting.length > 0) {
        await eventually(() => waiting.length > 0)
        waiting.shift()?.()
      }

      expect((await Promise.all(sent)).map(({ outcome }) => outcome)).toEqual(Array(5).fill('success'))
      expect(most()).toBe(1)
    })

    test('the order of each key is kept, though one replica is slow', async () => {
      const { replica, of, most } = ledger()
      let open = () => {}
      const opened = new Promise<void>((resolve) => {
        open = resolve
      })
      const work = (slowestMs: number) => async () => {
        await opened
        await new Promise((resolve) => setTimeout(resolve, slowestMs * Math.random()))
        return success
      }
      const { sidecar, inFlight } = await setUp([replica(work(1)), replica(work(1)), replica(work(30))])
      const ids = Array.from({ length: 32 }, (_, i) => `${'abcd'.charAt(i % 4)}${i}`)

      const sent = await sendInOrder(sidecar, ids, inFlight)
      open()

      expect((await Promise.all(sent)).map(({ outcome }) => outcome)).toEqual(ids.map(() => 'success'))
      for (const key of 'abcd') expect(of(key)).toEqual(ids.filter((id) => id.startsWith(key)))
      expect(most()).toBe(1)
    })

    test('an event that is sent again is not overtaken', async () => {
      const { replica, begun, of } = ledger()
      let end: (behaviour: Behaviour) => void = () => {}
      let isFirst = true
      const work = () => {
        if (!isFirst) return success
        isFirst = false
        return new Promise<Behaviour>((resolve) => {
          end = resolve
        })
      }
      const { sidecar, inFlight } = await setUp([replica(work), replica(work)])

      const sent = await sendInOrder(sidecar, ['a1', 'a2', 'a3', 'a4'], inFlight)
      end('break')

      expect((await Promise.all(sent)).map(({ outcome }) => outcome)).toEqual(Array(4).fill('success'))
      expect([begun, of('a')]).toEqual([
        ['a1', 'a1', 'a2', 'a3', 'a4'],
        ['a1', 'a1', 'a2', 'a3', 'a4'],
      ])
    })

    test('a key has a replica of its own, and the keys share the replicas', async () => {
      const seen = [new Set<string>(), new Set<string>(), new Set<string>()]
      const { sidecar } = await setUp(
        seen.map(
          (ids): Handle =>
            ({ data }) => {
              ids.add(data.toString())
              return success
            },
        ),
      )
      const keys = [...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ']

      for (const round of [1, 2, 3]) await Promise.all(keys.map((key) => send(sidecar, `${key}${round}`)))

      for (const ids of seen) {
        expect(ids.size).toBeGreaterThan(0)
        for (const id of ids) for (const round of [1, 2, 3]) expect(ids).toContain(`${id.slice(0, 1)}${round}`)
      }
    })
  })
}

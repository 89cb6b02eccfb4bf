// PROXY_JOIN_DUPLICATES: an event of a topic that comes again while it is at work. Every protocol runs all of it.

import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { eventually, metric, setUpProxy } from '../support/proxy.ts'
import type { Behaviour, CloudEvent, Handle, SendOptions, Wire } from '../support/wire.ts'

const order: CloudEvent = { id: '7', source: 'shop' }

export function duplicatesCases(wire: Wire): void {
  /** A function that answers when the test says so, one event after the other. */
  const setUp = async (env: Record<string, string> = { PROXY_JOIN_DUPLICATES: 'true' }) => {
    const runs: ((behaviour: Behaviour) => void)[] = []
    const handle: Handle = () => new Promise((resolve) => runs.push(resolve))
    const replica = await wire.startFunction(handle)
    onTestFinished(() => replica.kill())
    const { proxy, sidecar } = await setUpProxy(wire, [replica.port], { PROXY_HOLD_TIMEOUT: '500ms', ...env })
    const buffered = () => metric(proxy.adminPort, 'dapr_proxy_buffered_bytes')
    const send = (event: CloudEvent, options: SendOptions = {}) =>
      sidecar.topic(Buffer.from('x'), { ...options, event })
    /** Two deliveries of one event: the second comes while the first is at work. */
    const sendTwice = async (options: SendOptions = {}) => {
      const first = send(order, options).catch(() => undefined)
      await eventually(() => runs.length === 1)
      const bytes = await buffered()
      const second = send(order)
      await eventually(async () => (await buffered()) === 2 * bytes)
      return [first, second] as const
    }
    const outcomes = (outcome: string) =>
      metric(proxy.adminPort, 'dapr_proxy_events_total', ['kind="topic"', `outcome="${outcome}"`])
    return { replica, runs, send, sendTwice, outcomes }
  }

  describe(`duplicates over ${wire.protocol}`, () => {
    test.each<[string, Behaviour, readonly [string, string], string]>([
      ['SUCCESS', { status: 'SUCCESS' }, ['success', 'success'], 'success'],
      ['DROP', { status: 'DROP' }, ['drop', 'drop'], 'drop'],
      // daprd delivers again after either.
      ['RETRY', { status: 'RETRY' }, ['retry', 'error'], 'retry'],
      ['an error', { error: 'no' }, ['error', 'error'], 'failed'],
    ])('%s is the verdict on both, and the function runs once', async (_what, behaviour, expected, outcome) => {
      const { runs, sendTwice, outcomes } = await setUp()
      const sent = await sendTwice()
      runs[0]?.(behaviour)
      const heard = await Promise.all(sent)

      expect(heard.map((each) => each?.outcome)).toEqual(expected)
      expect(runs).toHaveLength(1)
      expect(await outcomes(outcome)).toBe(2)
    })

    test('when the first delivery breaks off, so has the second: daprd delivers both again', async () => {
      const { replica, runs, sendTwice } = await setUp()
      const sent = await sendTwice()
      // Its process dies, and none comes in its place.
      await replica.kill()
      const heard = await Promise.all(sent)

      expect(heard.map((each) => each?.code)).toEqual([wire.codes.unavailable, wire.codes.unavailable])
      expect(runs).toHaveLength(1)
    })

    test('when the sender of the first has gone, the second one runs', async () => {
      const { runs, sendTwice } = await setUp()
      const sender = new AbortController()
      const [first, second] = await sendTwice({ signal: sender.signal })
      sender.abort()
      await first
      await eventually(() => runs.length === 2)
      runs[1]?.({ status: 'SUCCESS' })

      expect((await second).outcome).toBe('success')
    })

    test('none joins an attempt that is older than ten seconds', async () => {
      const { runs, send } = await setUp()
      const first = send(order)
      await eventually(() => runs.length === 1)
      const clock = performance.now.bind(performance)
      const now = vi.spyOn(performance, 'now').mockImplementation(() => clock() + 10_001)
      onTestFinished(() => now.mockRestore())
      const second = send(order)
      await eventually(() => runs.length === 2)
      for (const end of runs) end({ status: 'SUCCESS' })

      expect([(await first).outcome, (await second).outcome]).toEqual(['success', 'success'])
    })

    test.each<[string, CloudEvent, Record<string, string>]>([
      ['another id', { id: '8', source: 'shop' }, { PROXY_JOIN_DUPLICATES: 'true' }],
      ['another source', { id: '7', source: 'store' }, { PROXY_JOIN_DUPLICATES: 'true' }],
      ['the same, without the setting', order, {}],
    ])('%s runs by itself', async (_what, event, env) => {
      const { runs, send } = await setUp(env)
      const sent = [send(order), send(event)]
      await eventually(() => runs.length === 2)
      for (const end of runs) end({ status: 'SUCCESS' })

      expect((await Promise.all(sent)).map(({ outcome }) => outcome)).toEqual(['success', 'success'])
    })
  })
}

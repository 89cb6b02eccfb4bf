// What the proxy takes on at one time, in which order, and what it must never do to a function. Every protocol runs all of it.

import { describe, expect, onTestFinished, test } from 'vitest'
import { eventually, metric, setUpProxy, unusedPort } from '../support/proxy.ts'
import { startRelay } from '../support/relay.ts'
import type { Behaviour, Handle, Wire } from '../support/wire.ts'

const success: Behaviour = { status: 'SUCCESS' }

/** Holds each event until the test lets it go. */
function gate() {
  const waiting: ((behaviour: Behaviour) => void)[] = []
  let most = 0
  const handle: Handle = () =>
    new Promise((resolve) => {
      waiting.push(resolve)
      most = Math.max(most, waiting.length)
    })
  return {
    handle,
    waiting,
    most: () => most,
    /** Lets one go. */
    next: () => waiting.shift()?.(success),
  }
}

export function limitsCases(wire: Wire): void {
  const startFunction = async (handle: Handle) => {
    const replica = await wire.startFunction(handle)
    onTestFinished(() => replica.kill())
    return replica
  }

  describe(`limits over ${wire.protocol}`, () => {
    test.each([
      ['PROXY_MAX_IN_FLIGHT', 3],
      ['PROXY_REPLICA_CONCURRENCY', 3],
    ])('%s bounds what a function works on at a time, and the others wait for their place', async (name, limit) => {
      const { handle, waiting, most, next } = gate()
      const replica = await startFunction(handle)
      const { proxy, sidecar } = await setUpProxy(wire, [replica.port], { [name]: String(limit) })
      const sent = Promise.all(Array.from({ length: 10 }, () => sidecar.binding(Buffer.from('x'))))

      await eventually(async () => (await metric(proxy.adminPort, 'dapr_proxy_held')) === 10 - limit)
      for (let done = 0; done < 10; done += 1) {
        await eventually(() => waiting.length > 0)
        next()
      }

      expect((await sent).map(({ outcome }) => outcome)).toEqual(Array(10).fill('success'))
      expect(most()).toBe(limit)
    })

    test.each(['PROXY_MAX_IN_FLIGHT', 'PROXY_REPLICA_CONCURRENCY'])(
      '%s: a place is free again, whatever has ended the event that had it',
      async (name) => {
        const { handle, waiting } = gate()
        const replica = await startFunction(handle)
        const { proxy, sidecar } = await setUpProxy(wire, [replica.port], { [name]: '1', PROXY_HOLD_TIMEOUT: '20s' })
        const sender = new AbortController()

        for (const behaviour of [success, { error: 'no' }, { status: 'RETRY' }] as const) {
          const sent = sidecar.binding(Buffer.from('x'))
          await eventually(() => waiting.length > 0)
          waiting.shift()?.(behaviour)
          await sent
        }
        const cancelled = sidecar.binding(Buffer.from('x'), { signal: sender.signal }).catch(() => undefined)
        await eventually(() => waiting.length > 0)
        const next = sidecar.binding(Buffer.from('x'))
        await eventually(async () => (await metric(proxy.adminPort, 'dapr_proxy_held')) === 1)
        sender.abort()
        await cancelled
        await eventually(() => waiting.length === 2)
        // It is sent again, for which it needs a place like any other.
        waiting[1]?.('break')
        await replica.kill()
        const again = await wire.startFunction(() => success, replica.port)
        onTestFinished(() => again.kill())

        expect((await next).outcome).toBe('success')
        expect((await sidecar.binding(Buffer.from('x'))).outcome).toBe('success')
      },
    )

    test('what finds no place in time goes back as retriable, and is not lost in the queue', async () => {
      const { handle, waiting, next } = gate()
      const replica = await startFunction(handle)
      const limits = { PROXY_MAX_IN_FLIGHT: '1', PROXY_MAX_HELD: '2', PROXY_HOLD_TIMEOUT: '300ms' }
      const { sidecar } = await setUpProxy(wire, [replica.port], limits)
      const first = sidecar.binding(Buffer.from('x'))
      await eventually(() => waiting.length === 1)
      const others = await Promise.all(Array.from({ length: 5 }, () => sidecar.binding(Buffer.from('x'))))
      next()

      expect(others.map(({ code }) => code)).toEqual(Array(5).fill(wire.codes.unavailable))
      expect((await first).outcome).toBe('success')
    })

    test('an event is not kept for a sender who has gone', async () => {
      const { proxy, sidecar } = await setUpProxy(wire, [await unusedPort()])
      const sender = new AbortController()
      const sent = sidecar.binding(Buffer.from('x'), { signal: sender.signal }).catch(() => undefined)
      await eventually(async () => (await metric(proxy.adminPort, 'dapr_proxy_held')) === 1)
      sender.abort()
      await sent

      await eventually(async () => (await metric(proxy.adminPort, 'dapr_proxy_held')) === 0)
    })

    test('events of two inputs at the same time arrive each as what they are', async () => {
      const seen: string[] = []
      const replica = await startFunction(async ({ kind, data }) => {
        seen.push(`${kind} ${data.toString().replaceAll('"', '')}`)
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 5))
        return success
      })
      const { sidecar } = await setUpProxy(wire, [replica.port])
      const ids = Array.from({ length: 100 }, (_, id) => id)

      await Promise.all(
        ids.flatMap((id) => [sidecar.topic(Buffer.from(`"${id}"`)), sidecar.binding(Buffer.from(`${id}`))]),
      )

      expect(seen.toSorted()).toEqual(ids.flatMap((id) => [`binding ${id}`, `topic ${id}`]).toSorted())
    })

    test('one event after another takes one connection to the function', async () => {
      const replica = await startFunction(() => success)
      const relay = await startRelay(replica.port)
      const { sidecar } = await setUpProxy(wire, [relay.port])

      // Over TLS the look whether it is there is a handshake, on a connection of its own.
      const looks = wire.env?.APP_PROTOCOL === `${wire.protocol}s` ? 1 : 0
      await sidecar.binding(Buffer.from('x'))
      const used = relay.used()
      for (let i = 0; i < 50; i += 1) await sidecar.binding(Buffer.from('x'))

      expect([used - looks <= 1, relay.used()]).toEqual([true, used])
    })

    test('a function that fails fast is called once for each event', async () => {
      let calls = 0
      const replica = await startFunction(() => {
        calls += 1
        return { error: 'no' }
      })
      const { sidecar } = await setUpProxy(wire, [replica.port])

      for (let i = 0; i < 50; i += 1)
        expect((await sidecar.topic(Buffer.from('"x"'))).code).toBe(wire.codes.functionError)
      expect(calls).toBe(50)
    })

    test('one replica that breaks costs the events on another one nothing', async () => {
      const { handle, waiting, next } = gate()
      const working = await startFunction(handle)
      const { sidecar } = await setUpProxy(wire, [working.port, await unusedPort()])
      const sent = Array.from({ length: 8 }, () => sidecar.binding(Buffer.from('x')))
      await eventually(() => waiting.length === 8)
      for (let i = 0; i < 8; i += 1) next()

      expect((await Promise.all(sent)).map(({ outcome }) => outcome)).toEqual(Array(8).fill('success'))
    })
  })
}

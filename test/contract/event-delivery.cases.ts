// What the proxy promises about one event, whatever the protocol. Every protocol runs all of it.

import { randomBytes } from 'node:crypto'
import { describe, expect, onTestFinished, test } from 'vitest'
import { blackHole } from '../support/black-hole.ts'
import { eventually, metric, type Setup, setUpProxy, unusedPort } from '../support/proxy.ts'
import type { Behaviour, FunctionReplica, Handle, Wire } from '../support/wire.ts'

const success: Behaviour = { status: 'SUCCESS' }

export function eventDeliveryCases(wire: Wire): void {
  const startFunction = async (handle: Handle, port?: number): Promise<FunctionReplica> => {
    const replica = await wire.startFunction(handle, port)
    onTestFinished(() => replica.kill())
    return replica
  }

  describe(`event delivery over ${wire.protocol}`, () => {
    test('answers what daprd asks while there is no replica', async () => {
      const { sidecar } = await setUpProxy(wire, [await unusedPort()])

      expect(await sidecar.discover()).toEqual({ topics: ['bus/orders'], bindings: ['cron'] })
      expect(await sidecar.isHealthy()).toBe(true)
    })

    test('gives the function the bytes and the metadata of the event', async () => {
      const seen: { data: Buffer; metadata: Readonly<Record<string, string>> }[] = []
      const replica = await startFunction(({ data, metadata }) => {
        seen.push({ data, metadata })
        return success
      })
      const { sidecar } = await setUpProxy(wire, [replica.port])
      const bytes = randomBytes(1000)

      const metadata = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', 'x-key': 'a,b' }
      await sidecar.binding(bytes, { metadata })

      expect(seen[0]?.data.equals(bytes)).toBe(true)
      expect(seen[0]?.metadata).toMatchObject(metadata)
    })

    test.each(['SUCCESS', 'RETRY', 'DROP'] as const)('passes the answer %s', async (status) => {
      const replica = await startFunction(() => ({ status }))
      const { sidecar } = await setUpProxy(wire, [replica.port])

      expect((await sidecar.topic(Buffer.from('"x"'))).outcome).toBe(status.toLowerCase())
    })

    test('passes the data of a binding back', async () => {
      const answer = randomBytes(5000)
      const replica = await startFunction(() => ({ status: 'SUCCESS', data: answer }))
      const { sidecar } = await setUpProxy(wire, [replica.port])

      expect((await sidecar.binding(Buffer.from('x'))).data.equals(answer)).toBe(true)
    })

    test('passes an error of the function as it is, and does not try the event again', async () => {
      let calls = 0
      const handle = () => {
        calls += 1
        return { error: 'it is 100 % wrong: ü' }
      }
      const replicas = [await startFunction(handle), await startFunction(handle)]
      const { sidecar } = await setUpProxy(
        wire,
        replicas.map(({ port }) => port),
      )

      const { code, text } = await sidecar.topic(Buffer.from('"x"'))

      expect([code, text]).toEqual([wire.codes.functionError, 'it is 100 % wrong: ü'])
      expect(calls).toBe(1)
    })

    test('gives an event to another replica when one refuses the connection', async () => {
      const dead = [await unusedPort(), await unusedPort(), await unusedPort()]
      const replica = await startFunction(() => success)
      const { sidecar } = await setUpProxy(wire, [...dead, replica.port])

      for (let i = 0; i < 20; i += 1) expect((await sidecar.topic(Buffer.from('"x"'))).outcome).toBe('success')
    })

    test('gives an event to another replica when one does not take the connection in time', async () => {
      const silent = await blackHole()
      const replica = await startFunction(() => success)
      const { sidecar } = await setUpProxy(wire, [silent, replica.port])

      // Of eight events at a time some are sent to the silent replica first.
      const answers = await Promise.all(Array.from({ length: 8 }, () => sidecar.topic(Buffer.from('"x"'))))

      expect(answers.map(({ outcome }) => outcome)).toEqual(answers.map(() => 'success'))
    })

    test('gives an event back when no replica takes the connection', async () => {
      const { sidecar } = await setUpProxy(wire, [await blackHole()], { PROXY_HOLD_TIMEOUT: '500ms' })

      expect((await sidecar.topic(Buffer.from('"x"'))).code).toBe(wire.codes.unavailable)
    })

    test('holds an event while there is no replica and delivers it when one appears', async () => {
      const port = await unusedPort()
      const { proxy, sidecar } = await setUpProxy(wire, [port])

      const sent = sidecar.topic(Buffer.from('"x"'))
      await eventually(async () => (await metric(proxy.adminPort, 'dapr_proxy_held')) === 1)
      await startFunction(() => success, port)

      expect((await sent).outcome).toBe('success')
    })

    test('gives a held event back as retriable when its time is over', async () => {
      const { sidecar } = await setUpProxy(wire, [await unusedPort()], { PROXY_HOLD_TIMEOUT: '200ms' })

      const [topic, binding] = await Promise.all([sidecar.topic(Buffer.from('"x"')), sidecar.binding(Buffer.from('x'))])

      expect([topic.code, binding.code]).toEqual([wire.codes.unavailable, wire.codes.unavailable])
    })

    test('holds no more events than it may', async () => {
      const { proxy, sidecar } = await setUpProxy(wire, [await unusedPort()], {
        PROXY_MAX_HELD: '3',
        PROXY_HOLD_TIMEOUT: '2s',
      })

      const held = [1, 2, 3].map(() => sidecar.topic(Buffer.from('"x"')))
      await eventually(async () => (await metric(proxy.adminPort, 'dapr_proxy_held')) === 3)
      // The other three go on trying meanwhile, so one more may find a place for an instant; never for long.
      const more = await Promise.all(Array.from({ length: 20 }, () => sidecar.topic(Buffer.from('"x"'))))
      await Promise.all(held)

      expect(new Set(more.map(({ code }) => code))).toEqual(new Set([wire.codes.unavailable]))
      const full = await metric(proxy.adminPort, 'dapr_proxy_events_total', ['outcome="held-full"'])
      expect(full).toBeGreaterThanOrEqual(17)
    })

    test('buffers no more bytes than it may', async () => {
      const limits = { PROXY_MAX_HELD_BYTES: '100000', PROXY_HOLD_TIMEOUT: '2s' }
      const { proxy, sidecar } = await setUpProxy(wire, [await unusedPort()], limits)

      const held = sidecar.binding(randomBytes(80_000))
      await eventually(async () => (await metric(proxy.adminPort, 'dapr_proxy_held')) === 1)
      const second = await sidecar.binding(randomBytes(80_000))
      await held

      expect(second.code).toBe(wire.codes.unavailable)
      await eventually(async () => (await metric(proxy.adminPort, 'dapr_proxy_buffered_bytes')) === 0)
    })

    test('gives an event to another replica when the connection breaks before the answer', async () => {
      let calls = 0
      const handle = (behaviour: Behaviour) => () => {
        calls += 1
        return behaviour
      }
      const breaking = await startFunction(handle('break'))
      const working = await startFunction(handle(success))
      const { sidecar } = await setUpProxy(wire, [breaking.port, working.port])

      for (let i = 0; i < 20; i += 1) expect((await sidecar.topic(Buffer.from('"x"'))).outcome).toBe('success')
      expect(calls).toBeGreaterThan(20)
    })

    test('never runs an invocation again that may have run, and finds another replica for one that did not', async () => {
      let calls = 0
      const breaking = () => {
        calls += 1
        return 'break' as const
      }
      const { sidecar } = await setUpProxy(wire, [
        (await startFunction(breaking)).port,
        (await startFunction(breaking)).port,
      ])
      const working = await startFunction(() => success)
      const dead = [await unusedPort(), await unusedPort()]
      const others = await setUpProxy(wire, [...dead, working.port])

      expect((await sidecar.invoke(Buffer.from('x'))).code).toBe(wire.codes.unavailable)
      expect(calls).toBe(1)
      for (let i = 0; i < 10; i += 1) expect((await others.sidecar.invoke(Buffer.from('x'))).outcome).toBe('success')
    })

    test('reports a connection that breaks again and again as retriable, after four runs at most', async () => {
      let calls = 0
      const handle = () => {
        calls += 1
        return 'break' as const
      }
      const replicas = await Promise.all(Array.from({ length: 6 }, () => startFunction(handle)))
      const ports = replicas.map(({ port }) => port)
      const { proxy, sidecar } = await setUpProxy(wire, ports, { PROXY_HOLD_TIMEOUT: '5s' })

      expect((await sidecar.topic(Buffer.from('"x"'))).code).toBe(wire.codes.unavailable)
      expect(calls).toBe(4)
      expect(await metric(proxy.adminPort, 'dapr_proxy_events_total', ['outcome="broken"'])).toBe(1)
    })

    test('takes "no such route" of a replica that has never answered for a boot, and tries another one', async () => {
      const booting = await startFunction(() => 'no-such-route')
      const ready = await startFunction(() => success)
      const { sidecar } = await setUpProxy(wire, [booting.port, ready.port])

      for (let i = 0; i < 10; i += 1) expect((await sidecar.topic(Buffer.from('"x"'))).outcome).toBe('success')
    })

    test('that an invocation finds "no such route" is its answer, and no sign that the replica has booted', async () => {
      let answer: Behaviour = 'no-such-route'
      const replica = await startFunction(() => answer)
      const { proxy, sidecar } = await setUpProxy(wire, [replica.port])

      expect((await sidecar.invoke(Buffer.from('x'))).code).toBe(wire.codes.missingRoute)
      const sent = sidecar.topic(Buffer.from('"x"'))
      await eventually(async () => (await metric(proxy.adminPort, 'dapr_proxy_held')) === 1)
      answer = success

      expect((await sent).outcome).toBe('success')
    })

    test('an invocation that is answered is such a sign', async () => {
      let answer: Behaviour = success
      const replica = await startFunction(() => answer)
      const { sidecar } = await setUpProxy(wire, [replica.port])
      expect((await sidecar.invoke(Buffer.from('x'))).outcome).toBe('success')

      answer = 'no-such-route'

      expect((await sidecar.topic(Buffer.from('"x"'))).code).toBe(wire.codes.missingRoute)
    })

    test('passes "no such route" of a replica that has answered before', async () => {
      let answer: Behaviour = success
      const replica = await startFunction(() => answer)
      const { sidecar } = await setUpProxy(wire, [replica.port])
      await sidecar.binding(Buffer.from('x'))

      answer = 'no-such-route'

      expect((await sidecar.topic(Buffer.from('"x"'))).code).toBe(wire.codes.missingRoute)
    })

    test('several proxies in front of the same replicas know nothing of each other, and need not', async () => {
      const ids = Array.from({ length: 100 }, (_, index) => String(index))
      const seen: string[][] = [[], []]
      // None is answered before all have come: how fast a replica answers a first event says nothing of it.
      let allCame = () => {}
      const all = new Promise<void>((resolve) => {
        allCame = resolve
      })
      const replicas = await Promise.all(
        seen.map((mine) =>
          startFunction(async ({ data }) => {
            mine.push(data.toString())
            if (seen.flat().length === ids.length) allCame()
            await all
            return success
          }),
        ),
      )
      const ports = replicas.map(({ port }) => port)
      const proxies = [await setUpProxy(wire, ports), await setUpProxy(wire, ports)]
      const sidecars = proxies.map(({ sidecar }) => sidecar)
      // A proxy sends to the first replica that it reaches, and does not wait for the second.
      const ready = ({ proxy }: Setup) => metric(proxy.adminPort, 'dapr_proxy_replicas', ['state="ready"'])
      await eventually(async () => (await Promise.all(proxies.map(ready))).every((count) => count === 2))

      const discovered = await Promise.all(sidecars.map((sidecar) => sidecar.discover()))
      const answers = await Promise.all(ids.map((id, index) => sidecars[index % 2]?.binding(Buffer.from(id))))

      expect(discovered[1]).toEqual(discovered[0])
      expect(answers.map((each) => each?.outcome)).toEqual(ids.map(() => 'success'))
      expect(seen.flat().toSorted()).toEqual(ids.toSorted())
      for (const each of seen) expect(each.length).toBeGreaterThan(20)
    })

    test('refuses an event above the size limit, and goes on', async () => {
      const replica = await startFunction(() => success)
      const { sidecar } = await setUpProxy(wire, [replica.port], { PROXY_MAX_EVENT_BYTES: '10000' })

      expect((await sidecar.binding(randomBytes(10_001))).code).toBe(wire.codes.tooLarge)
      expect((await sidecar.binding(randomBytes(5000))).outcome).toBe('success')
    })

    test('carries 4 MiB by default', async () => {
      const replica = await startFunction(({ data }) => ({ status: 'SUCCESS', data }))
      const { sidecar } = await setUpProxy(wire, [replica.port])
      const bytes = randomBytes(4 * 1024 * 1024)

      expect((await sidecar.binding(bytes)).data.equals(bytes)).toBe(true)
    })

    test('gives each of many concurrent events to one replica, and each sender its own answer', async () => {
      const seen: string[] = []
      const handle: Handle = async ({ data }) => {
        const id = data.toString()
        seen.push(id)
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 10))
        return Number(id) % 7 === 0 ? { error: `failed ${id}` } : { status: 'SUCCESS', data: Buffer.from(`did ${id}`) }
      }
      const replicas = [await startFunction(handle), await startFunction(handle), await startFunction(handle)]
      const { proxy, sidecar } = await setUpProxy(
        wire,
        replicas.map(({ port }) => port),
      )
      const { events, leastShare } = { events: 500, leastShare: 100, ...wire.burst }
      const ids = Array.from({ length: events }, (_, index) => String(index))

      const answers = await Promise.all(ids.map((id) => sidecar.binding(Buffer.from(id))))

      expect(seen.toSorted()).toEqual(ids.toSorted())
      for (const [index, { text, data }] of answers.entries()) {
        const answer = index % 7 === 0 ? text : data.toString()
        expect(answer).toBe(`${index % 7 === 0 ? 'failed' : 'did'} ${index}`)
      }
      expect(await metric(proxy.adminPort, 'dapr_proxy_events_total', ['outcome="failed"'])).toBe(Math.ceil(events / 7))
      for (const { port } of replicas) {
        const share = await metric(proxy.adminPort, 'dapr_proxy_replica_events_total', [`:${port}"`])
        expect(share).toBeGreaterThan(leastShare)
      }
    })

    test('tells the function when the sender has gone away', async () => {
      let cancelled = false
      let isRunning = false
      const replica = await startFunction(
        (seen) =>
          new Promise((resolve) => {
            isRunning = true
            seen.cancelled.addEventListener('abort', () => {
              cancelled = true
              resolve(success)
            })
          }),
      )
      const { sidecar } = await setUpProxy(wire, [replica.port])
      const sender = new AbortController()

      const sent = sidecar.binding(Buffer.from('x'), { signal: sender.signal }).catch(() => undefined)
      await eventually(() => isRunning)
      sender.abort()
      await sent

      await eventually(() => cancelled)
    })
  })
}

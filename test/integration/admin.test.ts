// What an operator sees of a proxy through its admin port, and what nobody sees there.

import { describe, expect, onTestFinished, test } from 'vitest'
import type { Debug, Summary } from '../../src/proxy/admin/debug.ts'
import { parseProxyConfig } from '../../src/proxy/config.ts'
import { startProxy } from '../../src/proxy/proxy.ts'
import { createLog } from '../../src/shared/log.ts'
import { funcContext } from '../support/func-context.ts'
import { grpcWire } from '../support/grpc-wire.ts'
import { httpWire } from '../support/http-wire.ts'
import { eventually, metric, setUpProxy, unusedPort } from '../support/proxy.ts'
import type { Behaviour, Handle, Wire } from '../support/wire.ts'

const success: Behaviour = { status: 'SUCCESS' }
const event = Buffer.from('{"specversion":"1.0","id":"e-1"}')

async function startFunction(wire: Wire, handle: Handle) {
  const replica = await wire.startFunction(handle)
  onTestFinished(() => replica.kill())
  return replica
}

type Events = ReturnType<Debug['events']>
type Known = ReturnType<Debug['replicas']>

const get = async <T>(adminPort: number, path: string): Promise<T> =>
  (await (await fetch(`http://127.0.0.1:${adminPort}${path}`)).json()) as T

for (const wire of [httpWire, grpcWire]) {
  describe(`seen from outside, over ${wire.protocol}`, () => {
    test('what was lost is told from what was wished', async () => {
      const answers: Behaviour[] = [success, { status: 'DROP' }, 'no-such-route', { status: 'RETRY' }, { error: 'no' }]
      const replica = await startFunction(wire, () => answers.shift() ?? success)
      const { proxy, sidecar } = await setUpProxy(wire, [replica.port])
      const lost = (cause: string) =>
        metric(proxy.adminPort, 'dapr_proxy_would_be_lost_total', ['bus/orders', `cause="${cause}"`])
      const events = (outcome: string) =>
        metric(proxy.adminPort, 'dapr_proxy_events_total', ['bus/orders', `outcome="${outcome}"`])

      for (const expected of ['success', 'drop']) expect((await sidecar.topic(event)).outcome).toBe(expected)
      expect([await lost('no-such-route'), await lost('failed')]).toEqual([0, 0])
      for (let sent = 0; sent < 3; sent += 1) await sidecar.topic(event)

      expect([await lost('no-such-route'), await lost('failed'), await lost('undelivered')]).toEqual([1, 2, 0])
      const outcomes = ['success', 'drop', 'missing-route', 'retry', 'failed']
      expect(await Promise.all(outcomes.map(events))).toEqual([1, 1, 1, 1, 1])
    })

    test('a tick of cron that found no replica is lost, and the oldest held event is seen to wait', async () => {
      const { proxy, sidecar } = await setUpProxy(wire, [await unusedPort()], { PROXY_HOLD_TIMEOUT: '3s' })
      // The first scrape loads what the next ones have.
      await metric(proxy.adminPort, 'dapr_proxy_held')
      const tick = sidecar.binding(Buffer.from(''))

      await eventually(async () => (await metric(proxy.adminPort, 'dapr_proxy_oldest_held_seconds')) > 0)
      expect((await get<Summary>(proxy.adminPort, '/debug/summary')).held).toBe(1)
      expect((await tick).outcome).toBe('error')
      expect(await metric(proxy.adminPort, 'dapr_proxy_oldest_held_seconds')).toBe(0)
      const labels = ['route="cron"', 'cause="undelivered"']
      expect(await metric(proxy.adminPort, 'dapr_proxy_would_be_lost_total', labels)).toBe(1)
    })

    test('a connection that broke is a possible duplicate', async () => {
      const replica = await startFunction(wire, () => 'break')
      const { proxy, sidecar } = await setUpProxy(wire, [replica.port], { PROXY_HOLD_TIMEOUT: '300ms' })

      expect((await sidecar.topic(event)).outcome).toBe('error')
      expect(await metric(proxy.adminPort, 'dapr_proxy_possible_duplicates_total')).toBeGreaterThanOrEqual(1)
      expect((await get<Events>(proxy.adminPort, '/debug/events?failed')).events).toHaveLength(1)
    })

    test('each delivery and each replica is told of', async () => {
      const replicas = await Promise.all([1, 2].map(() => startFunction(wire, () => success)))
      const addresses = replicas.map(({ port }) => `127.0.0.1:${port}`)
      const { proxy, sidecar } = await setUpProxy(
        wire,
        replicas.map(({ port }) => port),
      )
      for (let sent = 0; sent < 20; sent += 1) await sidecar.binding(event)

      const { events } = await get<Events>(proxy.adminPort, '/debug/events')
      expect(events).toHaveLength(20)
      expect(events[0]).toMatchObject({ route: 'cron', kind: 'binding', attempts: 1, outcome: 'success' })
      expect(addresses).toContain(events[0]?.replica)
      expect(Number.isNaN(Date.parse(events[0]?.when ?? ''))).toBe(false)

      const { known, replicas: told } = await get<Known>(proxy.adminPort, '/debug/replicas')
      const sum = (key: 'answered' | 'inFlight' | 'share') => told.reduce((total, each) => total + each[key], 0)
      expect(known).toBe(2)
      expect(told.map(({ address }) => address).toSorted()).toEqual(addresses.toSorted())
      expect(told[0]).toMatchObject({ state: 'ready', failures: 0 })
      expect([sum('answered'), sum('inFlight')]).toEqual([20, 0])
      expect(sum('share')).toBeCloseTo(1)
    })

    test('no payload, no header and no token is seen anywhere, whatever fails', async () => {
      const secret = 'top-secret-5f1d'
      const answers: Behaviour[] = [success, { error: secret }, 'break', 'no-such-route', { status: 'RETRY' }]
      const replica = await startFunction(wire, () => answers.shift() ?? 'break')
      const lines: string[] = []
      const config = parseProxyConfig({
        FUNC_CONTEXT: funcContext,
        APP_PROTOCOL: wire.protocol,
        PROXY_PORT: '0',
        PROXY_ADMIN_PORT: '0',
        PROXY_DISCOVERY: `static:127.0.0.1:${replica.port}`,
        PROXY_HOLD_TIMEOUT: '100ms',
        PROXY_DRAIN_TIMEOUT: '1ms',
        PROXY_MAX_EVENT_BYTES: '1000',
        APP_API_TOKEN: secret,
        LOG_LEVEL: 'debug',
      })
      const proxy = await startProxy(
        config,
        createLog((line) => lines.push(line), config.logLevel),
      )
      const sidecar = wire.connect(proxy.port)
      const metadata = { 'dapr-api-token': secret, 'x-own': secret }
      for (let sent = 0; sent < 6; sent += 1) await sidecar.topic(Buffer.from(`{"data":"${secret}"}`), { metadata })
      await sidecar.topic(Buffer.from(secret.repeat(100)), { metadata })

      const paths = ['/', '/livez', '/readyz', '/metrics', '/debug/summary', '/debug/replicas', '/debug/events', '/x']
      for (const path of paths) {
        const text = await (await fetch(`http://127.0.0.1:${proxy.adminPort}${path}`)).text()
        expect(text.length, path).toBeGreaterThan(2)
        expect(text, path).not.toContain(secret)
      }
      sidecar.close()
      await proxy.stop()
      expect(lines.join('')).toContain('"failure":"too-large"')
      expect(lines.join('')).not.toContain(secret)
    })
  })
}

test('an outage writes a few lines, not one for each event', async () => {
  const lines: string[] = []
  const config = parseProxyConfig({
    FUNC_CONTEXT: funcContext,
    APP_PROTOCOL: 'http',
    PROXY_PORT: '0',
    PROXY_ADMIN_PORT: '0',
    PROXY_DISCOVERY: `static:127.0.0.1:${await unusedPort()}`,
    PROXY_HOLD_TIMEOUT: '1ms',
    PROXY_DRAIN_TIMEOUT: '1ms',
  })
  const proxy = await startProxy(
    config,
    createLog((line) => lines.push(line)),
  )
  const sidecar = httpWire.connect(proxy.port)
  await Promise.all(Array.from({ length: 200 }, () => sidecar.binding(event)))
  sidecar.close()
  await proxy.stop()

  const records = lines.map((line) => JSON.parse(line))
  const first = records.filter(({ message, failure }) => message === 'failure' && failure === 'no-replica')
  const rest = records.filter(({ message, failure }) => message === 'failures go on' && failure === 'no-replica')
  expect(first).toHaveLength(1)
  expect(rest.reduce((sum, { count }) => sum + count, 1)).toBe(200)
  expect(lines.length).toBeLessThan(20)
})

describe('the admin port', () => {
  test('only tells: every other method is refused', async () => {
    const { proxy } = await setUpProxy(httpWire, [await unusedPort()])
    const url = `http://127.0.0.1:${proxy.adminPort}`

    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      const response = await fetch(`${url}/debug/events`, { method })
      expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
    }
    const head = await fetch(`${url}/debug/replicas`, { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])
    const missing = await fetch(`${url}/debug`)
    expect([missing.status, await missing.text()]).toEqual([404, expect.stringContaining('/debug/events')])
  })

  test('lets nobody keep, frame or reinterpret what it tells', async () => {
    const { proxy } = await setUpProxy(httpWire, [await unusedPort()])

    for (const path of ['/', '/debug/summary', '/metrics']) {
      const { headers } = await fetch(`http://127.0.0.1:${proxy.adminPort}${path}`)
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('cache-control')).toBe('no-store')
      expect(headers.get('access-control-allow-origin')).toBeNull()
    }
  })

  test('answers are bounded, whatever is asked for', async () => {
    const replica = await startFunction(httpWire, () => success)
    const { proxy, sidecar } = await setUpProxy(httpWire, [replica.port])
    for (let sent = 0; sent < 5; sent += 1) await sidecar.binding(event)

    for (const [limit, length] of [
      ['2', 2],
      ['0', 5],
      ['-1', 5],
      ['1e9', 5],
      ['x', 5],
    ] as const) {
      expect((await get<Events>(proxy.adminPort, `/debug/events?limit=${limit}`)).events).toHaveLength(length)
    }
  })
})

// The embedded sidecar against real apps and real clients: it must treat events as daprd does, or it proves nothing.

import { CommunicationProtocolEnum, DaprClient, HttpMethod } from '@dapr/dapr'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { ApiPorts } from '../../src/local/sidecar/api/listen.ts'
import { Broker } from '../../src/local/sidecar/broker/broker.ts'
import type { Component } from '../../src/local/sidecar/broker/component.ts'
import { StateStores } from '../../src/local/sidecar/broker/state-store.ts'
import { Sidecar } from '../../src/local/sidecar/sidecar.ts'
import { eventually } from '../support/proxy.ts'
import { type App, type Behaviour, binding, type Handle, pubsub, startApp, topic } from './local-apps.ts'

const component = (name: string, type: string, metadata: Record<string, string> = {}): Component => ({
  name,
  type,
  version: 'v1',
  metadata,
})

const components = [
  component(pubsub, 'pubsub.redis', { redisHost: 'redis:6379' }),
  component(binding, 'bindings.kafka', { brokers: 'kafka:9092', topics: 'in' }),
  component('store', 'state.redis', { redisHost: 'redis:6379' }),
]

const policy = { maxInFlight: 4, maxAttempts: 3, firstDelayMs: 1, maxDelayMs: 2, maxWaiting: 100 }

interface Started {
  readonly sidecar: Sidecar
  readonly api: ApiPorts
  readonly warnings: readonly string[]
  publish(data: string, contentType?: string): Promise<Response>
}

type Protocol = 'http' | 'grpc'

function createMesh(appToken?: string) {
  const [broker, states, sidecars] = [new Broker(), new StateStores(), new Map<string, Sidecar>()]
  onTestFinished(() => broker.close())
  return async (appId: string, protocol: Protocol, app: App | undefined, own = components): Promise<Started> => {
    const warnings: string[] = []
    const sidecar = new Sidecar({
      app: { appId, protocol, ports: app ? [app.port] : [], components: own },
      broker,
      states,
      findApp: (id) => sidecars.get(id)?.state,
      warn: (message) => warnings.push(message),
      policy,
      appToken,
    })
    sidecars.set(appId, sidecar)
    const api = await sidecar.listen({ http: 0, grpc: 0 })
    if (app) await sidecar.connect(AbortSignal.timeout(5000))
    onTestFinished(async () => {
      await sidecar.disconnect()
      sidecar.close()
    })
    const url = `http://127.0.0.1:${api.http}/v1.0/publish/${pubsub}/${topic}`
    const publish = (body: string, contentType = 'application/json') =>
      fetch(url, { method: 'POST', body, headers: { 'content-type': contentType } })
    return { sidecar, api, warnings, publish }
  }
}

const settled = (sidecar: Sidecar) => eventually(() => sidecar.tally.counts().pending === 0)

describe.each(['http', 'grpc'] as const)('over %s', (protocol) => {
  const start = async (handle: Handle) => {
    const app = await startApp[protocol](handle)
    return { app, ...(await createMesh()('app', protocol, app)) }
  }

  test('the app is asked once, and gets its events with their data', async () => {
    const { app, sidecar, publish } = await start(() => 'SUCCESS')

    await publish('{"n":1}')
    await publish('plain', 'text/plain')
    await settled(sidecar)

    expect([...app.asked.values()]).toEqual(protocol === 'http' ? [1, 1, 1] : [1, 1])
    expect(app.seen.map(({ kind, data }) => [kind, data])).toEqual([
      ['topic', '{"n":1}'],
      ['topic', 'plain'],
    ])
    expect(sidecar.tally.counts()).toMatchObject({ published: 2, delivered: 2, failed: 0, lost: 0 })
  })

  test.each<[Behaviour, string]>([
    ['RETRY', 'the function asks for it again'],
    ['error', 'the answer is a failure'],
  ])('%s: the same event comes again, because %s', async (first) => {
    const { app, sidecar, publish } = await start(() => (app.seen.length === 1 ? first : 'SUCCESS'))

    await publish('{}')
    await settled(sidecar)

    expect(app.seen).toHaveLength(2)
    expect(app.seen[0]?.id).toBe(app.seen[1]?.id)
    expect(sidecar.tally.counts()).toMatchObject({ published: 1, delivered: 1, failed: 1, lost: 0 })
  })

  test('a broken connection fails the attempt and not the event', async () => {
    const { app, sidecar, publish } = await start(() =>
      protocol === 'http' && app.seen.length > 1 ? 'SUCCESS' : 'break',
    )

    await publish('{}')
    await settled(sidecar)

    // The gRPC app is gone for good, so there it is given up.
    const lost = protocol === 'http' ? 0 : 1
    expect(sidecar.tally.counts()).toMatchObject({ failed: protocol === 'http' ? 1 : policy.maxAttempts, lost })
  })

  test('an event that always fails is given up after the last attempt, and said to be lost', async () => {
    const { app, sidecar, publish, warnings } = await start(() => 'RETRY')

    await publish('{}')
    await settled(sidecar)

    expect(app.seen).toHaveLength(policy.maxAttempts)
    expect(sidecar.tally.counts()).toMatchObject({ published: 1, delivered: 0, failed: policy.maxAttempts, lost: 1 })
    expect(warnings.join()).toContain('given up after 3 attempts')
  })

  test('a dropped event is not lost and does not come again', async () => {
    const { app, sidecar, publish } = await start(() => 'DROP')

    await publish('{}')
    await settled(sidecar)

    expect(app.seen).toHaveLength(1)
    expect(sidecar.tally.counts()).toMatchObject({ dropped: 1, failed: 0, lost: 0 })
  })

  test('an event without a handler does not come again, as with daprd, and is lost', async () => {
    const { app, sidecar, publish, warnings } = await start(() => 'no-such-route')

    await publish('{}')
    await settled(sidecar)

    expect(app.seen).toHaveLength(1)
    expect(sidecar.tally.counts()).toMatchObject({ unhandled: 1, lost: 1 })
    expect(warnings.join()).toContain(protocol === 'http' ? '404' : 'UNIMPLEMENTED')
  })

  test('no more events are in flight than the policy allows', async () => {
    let [inFlight, most] = [0, 0]
    const open: (() => void)[] = []
    const { sidecar, publish } = await start(async () => {
      inFlight += 1
      most = Math.max(most, inFlight)
      if (most < policy.maxInFlight) await new Promise<void>((resolve) => open.push(resolve))
      else for (const go of open.splice(0)) go()
      // Those that were let go are still in flight when the next one would come too early.
      await new Promise((resolve) => setTimeout(resolve, 10))
      inFlight -= 1
      return 'SUCCESS' as const
    })

    await Promise.all(Array.from({ length: 20 }, () => publish('{}')))
    await settled(sidecar)

    expect(most).toBe(policy.maxInFlight)
    expect(sidecar.tally.counts()).toMatchObject({ delivered: 20, lost: 0 })
  })

  test('an output binding reaches the app that reads from the same queue, and a failure brings the event again', async () => {
    const add = createMesh()
    const app = await startApp[protocol](() => (app.seen.length === 1 ? 'error' : 'SUCCESS'))
    const { sidecar } = await add('app', protocol, app)
    const other = [component('out', 'bindings.kafka', { brokers: 'kafka:9092', publishTopic: 'in' })]
    const { api } = await add('other', 'http', undefined, other)

    const body = JSON.stringify({ operation: 'create', data: { n: 1 } })
    const answer = await fetch(`http://127.0.0.1:${api.http}/v1.0/bindings/out`, { method: 'POST', body })
    await settled(sidecar)

    expect(answer.status).toBe(204)
    expect(app.seen.map(({ kind, data }) => [kind, data])).toEqual(Array(2).fill(['binding', '{"n":1}']))
    expect(sidecar.tally.counts()).toMatchObject({ published: 1, delivered: 1, failed: 1 })
  })

  test('apps that declare one broker share its topics, once for each app', async () => {
    const add = createMesh()
    const [first, second, apart] = await Promise.all([1, 2, 3].map(() => startApp[protocol](() => 'SUCCESS')))
    const one = await add('one', protocol, first)
    const two = await add('two', protocol, second)
    const elsewhere = [component(pubsub, 'pubsub.redis', { redisHost: 'other:6379' })]
    await add('three', protocol, apart, elsewhere)

    await one.publish('{}')
    await settled(one.sidecar)
    await settled(two.sidecar)

    expect([first?.seen.length, second?.seen.length, apart?.seen.length]).toEqual([1, 1, 0])
  })

  test('the app token is shown with whatever the app gets', async () => {
    const app = await startApp[protocol](() => 'SUCCESS')
    const { sidecar, api, publish } = await createMesh('s3cret')('app', protocol, app)
    const post = (path: string, body: string) =>
      fetch(`http://127.0.0.1:${api.http}/v1.0/${path}`, { method: 'POST', body })

    await publish('{}')
    await post(`bindings/${binding}`, '{"operation":"create","data":{}}')
    await settled(sidecar)
    await post('invoke/app/method/hello', '{}')

    expect(app.seen.map(({ kind, token }) => [kind, token])).toEqual([
      ['topic', 's3cret'],
      ['binding', 's3cret'],
      ['invoke', 's3cret'],
    ])
  })

  test("Dapr's own client works with the API", async () => {
    const add = createMesh()
    const app = await startApp[protocol](() => 'SUCCESS')
    const { sidecar, api } = await add('app', protocol, app)
    const communicationProtocol = CommunicationProtocolEnum[protocol === 'http' ? 'HTTP' : 'GRPC']
    const client = new DaprClient({ daprHost: '127.0.0.1', daprPort: String(api[protocol]), communicationProtocol })
    onTestFinished(() => client.stop())

    await client.pubsub.publish(pubsub, topic, { n: 1 })
    await client.binding.send(binding, 'create', 'text')
    await settled(sidecar)
    const invoked = await client.invoker.invoke('app', 'hello/there', HttpMethod.POST, { n: 2 })
    await client.state.save('store', [
      { key: 'a', value: { n: 1 } },
      { key: 'b', value: 'text' },
    ])
    const a = await client.state.get('store', 'a')
    await client.state.transaction('store', [
      { operation: 'delete', request: { key: 'a' } },
      { operation: 'upsert', request: { key: 'c', value: 'new' } },
    ])
    const gone = await client.state.get('store', 'a')
    const bulk = await client.state.getBulk('store', ['b', 'c'], { parallelism: 1 })
    await client.state.delete('store', 'b')
    const { components: known } = await client.metadata.get()

    expect(app.seen.map(({ kind, data, method }) => [kind, data, method])).toEqual([
      ['topic', '{"n":1}', undefined],
      ['binding', 'text', undefined],
      ['invoke', '{"n":2}', 'hello/there'],
    ])
    expect(invoked).toEqual({ status: 'SUCCESS' })
    expect([a, gone, await client.state.get('store', 'b')]).toEqual([{ n: 1 }, '', ''])
    expect(bulk.map(({ key, data }) => [key, data])).toEqual([
      ['b', 'text'],
      ['c', 'new'],
    ])
    expect(known.map(({ name }) => name)).toEqual([pubsub, binding, 'store'])
  })
})

test('before its app is there the API answers, and says that it is not ready', async () => {
  const { api, publish } = await createMesh()('app', 'http', undefined)

  const health = await fetch(`http://127.0.0.1:${api.http}/v1.0/healthz`)
  const outbound = await fetch(`http://127.0.0.1:${api.http}/v1.0/healthz/outbound`)

  expect([health.status, outbound.status, (await publish('{}')).status]).toEqual([500, 204, 204])
})

test('what cannot be done is answered with a reason', async () => {
  const { api } = await createMesh()('app', 'http', undefined)
  const call = async (path: string, body: string) => {
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(`http://127.0.0.1:${api.http}/v1.0/${path}`, { method: 'POST', body, headers })
    return [answer.status, ((await answer.json()) as { errorCode: string }).errorCode]
  }

  expect(await call('publish/nothing/orders', '{}')).toEqual([404, 'ERR_PUBSUB_NOT_FOUND'])
  expect(await call(`publish/${pubsub}/orders`, 'no json')).toEqual([400, 'ERR_MALFORMED_REQUEST'])
  expect(await call('bindings/nothing', '{}')).toEqual([500, 'ERR_INVOKE_OUTPUT_BINDING'])
  expect(await call('state/nothing', '[]')).toEqual([400, 'ERR_STATE_STORE_NOT_FOUND'])
  expect(await call('invoke/nobody/method/x', '{}')).toEqual([500, 'ERR_DIRECT_INVOKE'])
  expect(await call('state/store', '[{"key":"a","value":1,"etag":"7"}]')).toEqual([409, 'ERR_STATE_SAVE'])
  expect(await call(`publish/${pubsub}/orders`, `"${'x'.repeat(4 * 1024 * 1024)}"`)).toEqual([
    413,
    'ERR_REQUEST_TOO_LARGE',
  ])
})

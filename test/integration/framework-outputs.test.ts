// What a function sends, received by a stand-in for its sidecar, and when it must not ask for one at all.

import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { fixture, killAll, post, startFunction } from './framework-process.ts'
import {
  appCallback,
  connectionCounter,
  freePort,
  grpcStandIn,
  httpStandIn,
  type StandIn,
} from './framework-sidecar.ts'

const outputs = {
  audit: { componentName: 'bus', componentType: 'pubsub.redis', uri: 'audit log', metadata: { ttlInSeconds: '5' } },
  mail: { componentName: 'smtp', componentType: 'bindings.smtp', metadata: { to: 'a@b' } },
}
const states = {
  first: { componentName: 'pg', componentType: 'state.postgresql' },
  second: { componentName: 'redis', componentType: 'state.redis' },
}
const tick = { componentName: 'tick', componentType: 'bindings.cron' }

let closing: (() => void)[] = []

afterEach(() => {
  killAll()
  for (const close of closing) close()
  closing = []
})

function closeLater<T extends { close(): void }>(part: T): T {
  closing.push(() => part.close())
  return part
}

describe('over HTTP', () => {
  const startSender = async (port: number) => {
    const env = { APP_PROTOCOL: 'http', DAPR_HTTP_PORT: String(port), DAPR_API_TOKEN: 'open sesame' }
    return startFunction({ source: 'sender.cjs#handler', context: { inputs: { tick }, outputs }, env })
  }

  test('sends to one output by its name', async () => {
    const sidecar = closeLater(await httpStandIn())
    const { url } = await startSender(sidecar.port)

    const answer = await post(`${url}/tick`, { message: { n: 1 }, to: 'audit' })

    expect(answer.status).toBe(200)
    expect(sidecar.calls).toMatchObject([
      {
        what: '/v1.0/publish/bus/audit%20log?metadata.ttlInSeconds=5',
        body: '{"n":1}',
        headers: { 'content-type': 'application/json', 'dapr-api-token': 'open sesame' },
      },
    ])
  })

  test('sends to all outputs without a name', async () => {
    const sidecar = closeLater(await httpStandIn())
    const { url } = await startSender(sidecar.port)

    const answer = await post(`${url}/tick`, { message: 'hello' })

    expect(JSON.parse(answer.text).results[1]).toEqual({ status: 'fulfilled', value: { stored: true } })
    const binding = sidecar.calls.find(({ what }) => what === '/v1.0/bindings/smtp')
    expect(JSON.parse(String(binding?.body))).toEqual({ operation: 'create', data: 'hello', metadata: { to: 'a@b' } })
    expect(sidecar.calls).toHaveLength(2)
  })

  test('a send that fails fails its event alone', async () => {
    const sidecar = closeLater(await httpStandIn())
    const { url, stderr } = await startSender(sidecar.port)
    const send = async (to: string) => (await post(`${url}/tick`, { message: 1, to })).status

    sidecar.failWith('broker down')
    expect([await send('audit'), await send('mail')]).toEqual([500, 500])
    sidecar.failWith(undefined)
    expect([await send('audit'), await send('mail'), await send('nowhere')]).toEqual([200, 200, 500])

    expect(stderr.join('\n')).toContain('broker down')
    expect(stderr.join('\n')).toContain('the Function has audit, mail')
    expect(stderr.join('\n')).not.toContain('open sesame')
  })

  test('serves before there is a sidecar, waits 5 s for one, and finds it when it comes', async () => {
    const port = await freePort()
    const { url } = await startSender(port)
    const send = async () => (await post(`${url}/tick`, { message: 1 })).status

    expect(await send()).toBe(500)
    const second = send()
    const sidecar = closeLater(await httpStandIn(port))

    expect(await second).toBe(200)
    expect(sidecar.calls).toHaveLength(2)
  })

  test('a state goes to the store of its name', async () => {
    const sidecar = closeLater(await httpStandIn())
    const env = { FUNCTION_SIGNATURE_TYPE: 'openfunction', APP_PROTOCOL: 'http', DAPR_HTTP_PORT: String(sidecar.port) }
    const { url } = await startFunction({ source: 'sync.cjs#state', context: { runtime: 'Knative', states }, env })

    const found = await post(url, { operation: 'get', argument: { key: 'a/b' }, store: 'second' })
    await post(url, { operation: 'save', argument: { data: [{ key: 'k', value: { v: 1 } }] } })

    expect(JSON.parse(found.text)).toEqual({ result: { found: 1 } })
    expect(sidecar.calls.map(({ what }) => what)).toEqual(['/v1.0/state/redis/a%2Fb?', '/v1.0/state/pg?'])
    expect(JSON.parse(String(sidecar.calls[1]?.body))).toMatchObject([{ key: 'k', value: { v: 1 } }])
  })
})

describe('over gRPC', () => {
  const startSender = async (sidecar: Pick<StandIn, 'port'>) => {
    const env = { DAPR_GRPC_PORT: String(sidecar.port), DAPR_API_TOKEN: 'open sesame' }
    const { port, stderr } = await startFunction({
      source: 'sender.cjs#handler',
      context: { inputs: { tick }, outputs },
      env,
    })
    const { call } = closeLater(appCallback(port))
    const send = (event: object) => call('OnBindingEvent', { name: 'tick', data: Buffer.from(JSON.stringify(event)) })
    return { send, stderr }
  }

  test('sends to all outputs without a name', async () => {
    const sidecar = closeLater(await grpcStandIn())
    const { send } = await startSender(sidecar)

    const reply = await send({ message: { n: 1 } })

    expect(JSON.parse(String(reply.data)).results[1]).toEqual({ status: 'fulfilled', value: { stored: true } })
    expect(sidecar.calls).toMatchObject([
      {
        what: 'PublishEvent',
        body: {
          pubsubName: 'bus',
          topic: 'audit log',
          dataContentType: 'application/json',
          metadata: { ttlInSeconds: '5' },
        },
        headers: { 'dapr-api-token': 'open sesame' },
      },
      { what: 'InvokeBinding', body: { name: 'smtp', operation: 'create', metadata: { to: 'a@b' } } },
    ])
    expect(String((sidecar.calls[0]?.body as { data: Buffer } | undefined)?.data)).toBe('{"n":1}')
  })

  test('a send that fails fails its event alone', async () => {
    const sidecar = closeLater(await grpcStandIn())
    const { send, stderr } = await startSender(sidecar)

    sidecar.failWith('broker down')
    await expect(send({ message: 1, to: 'audit' })).rejects.toMatchObject({ code: 2 })
    sidecar.failWith(undefined)
    await send({ message: 1, to: 'audit' })

    expect(stderr.join('\n')).toContain('broker down')
  })

  test('serves before there is a sidecar, waits 5 s for one, and finds it when it comes', async () => {
    const port = await freePort()
    const { send } = await startSender({ port })

    await expect(send({ message: 1, to: 'audit' })).rejects.toMatchObject({ code: 2 })
    const second = send({ message: 1, to: 'audit' })
    const sidecar = closeLater(await grpcStandIn(port))

    await second
    expect(sidecar.calls).toHaveLength(1)
  })

  test('without DAPR_GRPC_PORT outputs go over HTTP', async () => {
    const sidecar = closeLater(await httpStandIn())
    const env = { DAPR_HTTP_PORT: String(sidecar.port) }
    const { port } = await startFunction({ source: 'sender.cjs#handler', context: { inputs: { tick }, outputs }, env })
    const { call } = closeLater(appCallback(port))

    await call('OnBindingEvent', { name: 'tick', data: Buffer.from('{"message":1,"to":"audit"}') })

    expect(sidecar.calls.map(({ what }) => what)).toEqual(['/v1.0/publish/bus/audit%20log?metadata.ttlInSeconds=5'])
  })
})

describe('the client is made only where it is needed', () => {
  /** Runs the function for one request; resolves to who connected to the sidecar's ports and whether the SDK was loaded. */
  const observe = async (context: object, signature: 'http' | 'openfunction', target: string) => {
    const [http, grpc] = [closeLater(await connectionCounter()), closeLater(await connectionCounter())]
    const folder = await mkdtemp(join(tmpdir(), 'framework-'))
    const file = join(folder, 'modules.json')
    const running = await startFunction({
      source: `sync.cjs#${target}`,
      context: { runtime: 'Knative', ...context },
      env: {
        FUNCTION_SIGNATURE_TYPE: signature,
        DAPR_HTTP_PORT: String(http.port),
        DAPR_GRPC_PORT: String(grpc.port),
        LOADED_MODULES: file,
      },
      nodeArgs: ['--import', fixture('loaded-modules.mjs')],
    })
    const { status } = await post(running.url, { a: 1 })
    await running.stop()
    const modules = JSON.parse(await readFile(file, 'utf8')) as string[]
    await rm(folder, { recursive: true })
    const has = (name: string) => modules.some((path) => path.includes(`/node_modules/${name}/`))
    return { status, connections: http.count() + grpc.count(), sdk: has('@dapr/dapr'), express: has('express') }
  }

  test('a sync function without inputs, outputs and states never connects, nor loads the SDK', async () => {
    const nothing = { connections: 0, sdk: false, express: true }

    expect(await observe({}, 'openfunction', 'back')).toEqual({ status: 200, ...nothing })
    expect(await observe({}, 'http', 'echo')).toEqual({ status: 201, ...nothing })
    // With nowhere to send to, "to all outputs" asks for no client either.
    expect(await observe({}, 'openfunction', 'sendAndAnswer')).toEqual({ status: 200, ...nothing })
  })

  test('(req, res) has no way to send, so outputs make no client', async () => {
    expect(await observe({ outputs }, 'http', 'echo')).toMatchObject({ connections: 0, sdk: false })
  })

  test('with outputs it loads the SDK and, only when it sends, connects', async () => {
    expect(await observe({ outputs }, 'openfunction', 'back')).toMatchObject({ status: 200, connections: 0, sdk: true })
    const sent = await observe({ outputs }, 'openfunction', 'sendAndAnswer')
    expect(sent).toMatchObject({ status: 500, sdk: true })
    expect(sent.connections).toBeGreaterThan(0)
  })
})

// Events through the real process, over both protocols by one suite.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { killAll, post, type RunningFunction, startFunction, until } from './framework-process.ts'
import { appCallback } from './framework-sidecar.ts'

const inputs = {
  orders: { componentName: 'bus', componentType: 'pubsub.redis', uri: 'orders' },
  tick: { componentName: 'tick', componentType: 'bindings.cron' },
}

interface Result {
  /** SUCCESS, RETRY or DROP for a topic; OK or FAILED for a binding; REFUSED for what was too large. */
  readonly status: string
  readonly data?: string
}

interface Channel {
  topic(data: unknown): Promise<Result>
  binding(bytes: Buffer): Promise<Result>
  topics(): Promise<unknown>
  close(): void
}

const channels: Record<'http' | 'grpc', (running: RunningFunction) => Channel> = {
  http: ({ url }) => ({
    async topic(data) {
      const { status, text } = await post(`${url}/orders`, { specversion: '1.0', id: '1', data })
      return { status: status === 413 ? 'REFUSED' : JSON.parse(text).status }
    },
    async binding(bytes) {
      const { status, text } = await post(`${url}/tick`, bytes)
      return { status: status === 413 ? 'REFUSED' : status === 200 ? 'OK' : 'FAILED', data: text }
    },
    async topics() {
      const subscriptions = (await (await fetch(`${url}/dapr/subscribe`)).json()) as { topic: string }[]
      return subscriptions.map(({ topic }) => topic)
    },
    close: () => {},
  }),
  grpc: ({ port }) => {
    const { call, close } = appCallback(port)
    const failed = (error: { code: number }) => ({ status: error.code === 8 ? 'REFUSED' : 'FAILED' })
    return {
      topic: (data) =>
        call('OnTopicEvent', {
          ...{ topic: 'orders', pubsubName: 'bus', dataContentType: 'application/json' },
          data: Buffer.from(JSON.stringify(data)),
        }).then(({ status }) => ({ status: String(status) }), failed),
      binding: (data) =>
        call('OnBindingEvent', { name: 'tick', data }).then(
          (reply) => ({ status: 'OK', data: String(reply.data) }),
          failed,
        ),
      topics: async () => {
        const { subscriptions } = await call('ListTopicSubscriptions', {})
        return (subscriptions as { topic: string }[]).map(({ topic }) => topic)
      },
      close,
    }
  },
}

describe.each(['http', 'grpc'] as const)('an async function over %s', (protocol) => {
  let running: RunningFunction
  let channel: Channel

  beforeEach(async () => {
    running = await startFunction({
      source: 'events.cjs#handler',
      context: { inputs },
      env: { APP_PROTOCOL: protocol },
    })
    channel = channels[protocol](running)
  })

  afterEach(() => {
    channel.close()
    killAll()
  })

  const json = (value: unknown) => Buffer.from(JSON.stringify(value))
  const printed = () => running.stdout.map((line) => JSON.parse(line))

  test('is told of events, and says which ones it wants', async () => {
    expect(await channel.topics()).toEqual(['orders'])
    expect(await channel.topic({ a: 1 })).toEqual({ status: 'SUCCESS' })
    expect(await channel.binding(Buffer.from('plain'))).toMatchObject({ status: 'OK' })

    expect(await until(() => running.stdout.length === 2 && printed())).toMatchObject([
      { data: { a: 1 }, event: { kind: 'topic', component: 'bus', topic: 'orders' } },
      { data: 'plain', event: { kind: 'binding', component: 'tick' } },
    ])
  })

  test('one that fails is to be delivered again, and the next one is not touched by it', async () => {
    const seen = []
    for (const what of ['throw', 'fine', 'throw', 'fine']) seen.push((await channel.topic({ do: what })).status)
    for (const what of ['throw', 'circular', 'fine']) seen.push((await channel.binding(json({ do: what }))).status)

    expect(seen).toEqual(['RETRY', 'SUCCESS', 'RETRY', 'SUCCESS', 'FAILED', 'FAILED', 'OK'])
    expect(await until(() => running.stderr.find((line) => line.includes('told to fail')))).toContain(
      '"event":"bus/orders"',
    )
  })

  test('passes on the status that the function returns', async () => {
    const returns = (value: unknown) => ({ do: 'return', value })

    expect(await channel.topic(returns('RETRY'))).toEqual({ status: 'RETRY' })
    expect(await channel.topic(returns({ status: 'DROP' }))).toEqual({ status: 'DROP' })
    expect(await channel.binding(json(returns('RETRY')))).toMatchObject({ status: 'FAILED' })
    expect(await channel.binding(json(returns({ a: 1 })))).toEqual({ status: 'OK', data: '{"a":1}' })
  })

  test('a hundred at once keep apart', async () => {
    const ids = Array.from({ length: 100 }, (_, index) => index)

    const answers = await Promise.all(ids.map((id) => channel.binding(json({ do: 'wait', id, ms: (id * 7) % 40 }))))

    expect(answers.map(({ data }) => JSON.parse(data ?? '').id)).toEqual(ids)
  })

  test('4 MiB are an event, what is above the limit is refused', async () => {
    const large = 'x'.repeat(4 * 1024 * 1024)

    expect(await channel.topic(large)).toEqual({ status: 'SUCCESS' })
    expect(await channel.binding(Buffer.from(large))).toMatchObject({ status: 'OK' })
    expect(await channel.topic('x'.repeat(7 * 1024 * 1024))).toEqual({ status: 'REFUSED' })
    expect(await channel.topic('after it')).toEqual({ status: 'SUCCESS' })
  })

  test('a promise that nobody awaits is logged, and the process goes on', async () => {
    await channel.topic({ do: 'reject-later' })

    await until(() => running.stderr.find((line) => line.includes('nobody awaits this')))
    expect(await channel.topic('next')).toEqual({ status: 'SUCCESS' })
    expect(await running.stop()).toBe(0)
  })

  test('an exception outside of any event ends the process after what is in flight, with code 1', async () => {
    const inFlight = channel.binding(json({ do: 'wait', id: 5, ms: 200 }))
    await until(() => running.stdout.length === 1)
    await channel.topic({ do: 'crash-later' })

    expect(await inFlight).toEqual({ status: 'OK', data: '{"id":5}' })
    await until(() => running.child.exitCode !== null)
    expect(running.child.exitCode).toBe(1)
    expect(running.stderr.join()).toContain('outside of any event')
  })

  test('SIGTERM lets what is in flight finish, and ends with code 0', async () => {
    const inFlight = channel.binding(json({ do: 'wait', id: 9, ms: 600 }))
    await until(() => running.stdout.length === 1)

    const stopped = running.stop()

    expect(await inFlight).toEqual({ status: 'OK', data: '{"id":9}' })
    expect(await stopped).toBe(0)
  })
})

test('what is no event of the function is answered 404, or UNIMPLEMENTED', async () => {
  const options = { source: 'events.cjs#handler', context: { inputs } }
  const http = await startFunction({ ...options, env: { APP_PROTOCOL: 'http' } })
  const grpc = await startFunction(options)

  expect((await post(`${http.url}/elsewhere`, {})).status).toBe(404)
  const { call, close } = appCallback(grpc.port)
  await expect(call('OnInvoke', { method: 'x' })).rejects.toMatchObject({ code: 12 })

  close()
  killAll()
})

// What daprd asks of an app of which the proxy knows nothing: it goes to a replica, and the answer comes back as it is.

import { createServer as createHttp1 } from 'node:http'
import { createServer as createHttp2, type ServerHttp2Session } from 'node:http2'
import type { AddressInfo, Server } from 'node:net'
import { status as grpcStatus } from '@grpc/grpc-js'
import { describe, expect, onTestFinished, test } from 'vitest'
import { grpcWire } from '../support/grpc-wire.ts'
import { httpWire } from '../support/http-wire.ts'
import { appCallbackClient, healthCheckClient } from '../support/proto.ts'
import { eventually, metric, setUpProxy } from '../support/proxy.ts'
import { rawClient } from '../support/raw-http.ts'
import type { Wire } from '../support/wire.ts'

/** An app that says yes to whatever it is asked. It can be killed, and started anew at its port. */
interface App {
  readonly port: number
  /** Requests that have come. */
  asked(): number
  kill(): Promise<void>
  again(): Promise<void>
}

/** One life of an app. */
interface Life {
  readonly server: Server
  cut(): void
}

async function startApp(begin: (onRequest: () => void) => Life): Promise<App> {
  let asked = 0
  let life: Life
  const start = (port: number) => {
    life = begin(() => {
      asked += 1
    })
    return new Promise<void>((resolve) => life.server.listen(port, '127.0.0.1', resolve))
  }
  const kill = () =>
    new Promise<void>((resolve) => {
      life.server.close(() => resolve())
      life.cut()
    })
  await start(0)
  onTestFinished(kill)
  // biome-ignore lint: assigned by start
  const { port } = life!.server.address() as AddressInfo
  return { port, asked: () => asked, kill, again: () => start(port) }
}

/** Asks something of a proxy. Resolves to the status, as each protocol has it. */
interface Asker {
  subscriptions(port: number): Promise<number>
  bindings(port: number): Promise<number>
  health(port: number): Promise<number>
  call(port: number): Promise<number>
}

interface Side {
  readonly wire: Wire
  readonly ask: Asker
  readonly ok: number
  readonly unavailable: number
  readonly deadline: number
  /** Its first `breaks` requests are answered by a broken connection. */
  startApp(breaks?: number): Promise<App>
}

const inFront = (wire: Wire, apps: readonly App[], env: Record<string, string> = {}) =>
  setUpProxy(
    wire,
    apps.map(({ port }) => port),
    { PROXY_MODE: 'app', ...env },
  )

const httpAsk = async (port: number, line: string): Promise<number> => {
  const client = rawClient(port, `${line} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n`)
  const head = await client.until('\r\n\r\n')
  client.socket.destroy()
  return Number(head.slice(9, 12))
}

const httpSide: Side = {
  wire: httpWire,
  ok: 200,
  unavailable: 503,
  deadline: 504,
  ask: {
    subscriptions: (port) => httpAsk(port, 'GET /dapr/subscribe'),
    bindings: (port) => httpAsk(port, 'OPTIONS /cron'),
    health: (port) => httpAsk(port, 'GET /healthz'),
    call: (port) => httpAsk(port, 'POST /greet'),
  },
  startApp(breaks = 0) {
    let left = breaks
    return startApp((onRequest) => {
      const server = createHttp1((incoming, response) => {
        onRequest()
        left -= 1
        if (left >= 0) incoming.socket.destroy()
        else response.end('[]')
      })
      return { server, cut: () => server.closeAllConnections() }
    })
  },
}

const grpcAsk = (port: number, make: typeof appCallbackClient, name: string, options: object = {}): Promise<number> => {
  const client = make(port)
  return new Promise((resolve) => {
    client[name]({}, options, (error: { code: number } | null) => {
      client.close()
      resolve(error === null ? 0 : error.code)
    })
  })
}

const grpcSide: Side = {
  wire: grpcWire,
  ok: grpcStatus.OK,
  unavailable: grpcStatus.UNAVAILABLE,
  deadline: grpcStatus.DEADLINE_EXCEEDED,
  ask: {
    subscriptions: (port) => grpcAsk(port, appCallbackClient, 'ListTopicSubscriptions'),
    // daprd gives it 3 s.
    bindings: (port) => grpcAsk(port, appCallbackClient, 'ListInputBindings', { deadline: Date.now() + 3000 }),
    health: (port) => grpcAsk(port, healthCheckClient, 'HealthCheck'),
    call: (port) => grpcAsk(port, appCallbackClient, 'OnInvoke'),
  },
  startApp(breaks = 0) {
    let left = breaks
    return startApp((onRequest) => {
      const sessions = new Set<ServerHttp2Session>()
      const server = createHttp2()
      server.on('session', (session) => sessions.add(session))
      server.on('stream', (stream) => {
        onRequest()
        stream.on('error', () => {})
        left -= 1
        if (left >= 0) return stream.session?.destroy()
        stream.resume().respond({ 'content-type': 'application/grpc' }, { waitForTrailers: true })
        stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
        stream.end(Buffer.alloc(5))
      })
      const cut = () => {
        for (const session of sessions) session.destroy()
      }
      return { server, cut }
    })
  },
}

describe.each([httpSide, grpcSide])('over $wire.protocol', ({ wire, ask, ok, unavailable, deadline, startApp }) => {
  test('what is asked once waits for a replica for as long as daprd does, and a call does not', async () => {
    const app = await startApp()
    const { proxy } = await inFront(wire, [app], { PROXY_HOLD_TIMEOUT: '200ms' })
    await app.kill()
    const subscriptions = ask.subscriptions(proxy.port)
    await eventually(async () => (await metric(proxy.adminPort, 'dapr_proxy_held')) === 1)

    // Who asks later and is given back earlier shows that the time of others is over.
    expect(await ask.call(proxy.port)).toBe(unavailable)
    expect(await metric(proxy.adminPort, 'dapr_proxy_held')).toBe(1)
    await app.again()

    expect(await subscriptions).toBe(ok)
  })

  test('the question for bindings is over after the three seconds that daprd gives it', async () => {
    const app = await startApp()
    const { proxy } = await inFront(wire, [app])
    await app.kill()
    const startedMs = performance.now()

    expect(await ask.bindings(proxy.port)).toBe(deadline)
    expect(performance.now() - startedMs).toBeGreaterThan(2900)
  })

  test('health is that of a replica, now: it fails while none can be reached', async () => {
    const app = await startApp()
    const { proxy } = await inFront(wire, [app], { PROXY_HOLD_TIMEOUT: '1s' })

    expect(await ask.health(proxy.port)).toBe(ok)
    await app.kill()
    const held = ask.call(proxy.port).then(() => 'a call that is held')
    await eventually(async () => (await metric(proxy.adminPort, 'dapr_proxy_held')) === 1)
    expect(await Promise.race([ask.health(proxy.port), held])).toBe(deadline)
    await app.again()
    await eventually(async () => (await ask.health(proxy.port)) === ok)
  })

  test('a question that breaks off is asked again, for an error would be a no; a call is not', async () => {
    const asked = await startApp(2)
    const called = await startApp(1)
    const [questions, calls] = [await inFront(wire, [asked]), await inFront(wire, [called])]

    expect(await ask.subscriptions(questions.proxy.port)).toBe(ok)
    expect(await ask.call(calls.proxy.port)).toBe(unavailable)
    expect([asked.asked(), called.asked()]).toEqual([3, 1])
  })
})

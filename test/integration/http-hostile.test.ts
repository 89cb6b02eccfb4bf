// Functions and senders that keep to no rules: they are cut, and nobody else notices.

import { createServer } from 'node:http'
import type { Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import type { HttpMessage, HttpReply } from '../../src/dapr/http/message.ts'
import { createHttpServer } from '../../src/dapr/http/server.ts'
import { unlimitedMemory } from '../../src/dapr/server.ts'
import { createH1Server, type ServerLimits } from '../../src/h1/server.ts'
import { httpWire } from '../support/http-wire.ts'
import { eventually, metric, setUpProxy } from '../support/proxy.ts'
import { rawClient, rawFunction, rawServer } from '../support/raw-http.ts'

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

/** Writes `piece` for as long as the other side takes it. */
function flood(socket: Socket, piece: string): void {
  const go = () => {
    while (!socket.destroyed && socket.write(piece)) {}
  }
  socket.on('drain', go)
  go()
}

test.each<[string, string, string]>([
  ['fields without end', 'HTTP/1.1 200 OK\r\n', 'X-Field: abcdefgh\r\n'.repeat(500)],
  ['a line without end', 'HTTP/1.1 200 OK\r\nX: ', 'x'.repeat(10_000)],
  ['interim answers without end', '', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(500)],
  ['trailers without end', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n', 'X: y\r\n'.repeat(1000)],
  ['a body without end', 'HTTP/1.1 200 OK\r\n\r\n', 'x'.repeat(64 * 1024)],
  ['no HTTP', '', 'SSH-2.0-OpenSSH_9.2p1\r\n'],
  ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok', ''],
  ['a length and chunks', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nok', ''],
  ['another protocol', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n', ''],
])('a function that answers an event with %s has broken it', async (_what, start, rest) => {
  let isCut = false
  const replica = await rawFunction((_request, socket) => {
    socket.on('close', () => {
      isCut = true
    })
    socket.write(start)
    if (rest !== '') flood(socket, rest)
    return undefined
  })
  const { proxy, sidecar } = await setUpProxy(httpWire, [replica.port])

  expect((await sidecar.binding(Buffer.from('x'))).code).toBe('503')

  await eventually(() => isCut)
  expect(replica.requests).toHaveLength(1)
  expect(await metric(proxy.adminPort, 'dapr_proxy_events_total', ['outcome="broken"'])).toBe(1)
})

test('a function that speaks unasked loses that connection, and its word is nobody’s answer', async () => {
  const sockets: Socket[] = []
  const replica = await rawFunction((_request, socket) => {
    sockets.push(socket)
    if (sockets.length === 1) setTimeout(() => socket.write('HTTP/1.1 500 Not Yours\r\nContent-Length: 0\r\n\r\n'), 50)
    return ok
  })
  const { sidecar } = await setUpProxy(httpWire, [replica.port])

  await sidecar.binding(Buffer.from('1'))
  await new Promise((resolve) => setTimeout(resolve, 500))

  expect((await sidecar.binding(Buffer.from('2'))).code).toBe('200')
  expect(sockets[1]).not.toBe(sockets[0])
})

test('two answers to one request: the second is nobody’s', async () => {
  const replica = await rawFunction(() => `${ok}HTTP/1.1 500 Not Yours\r\nContent-Length: 0\r\n\r\n`)
  const { sidecar } = await setUpProxy(httpWire, [replica.port])

  for (let i = 0; i < 5; i += 1) expect((await sidecar.binding(Buffer.from('x'))).code).toBe('200')
})

test('a connection that the function says it closes is not used again', async () => {
  const sockets = new Set<Socket>()
  const replica = await rawFunction((_request, socket) => {
    sockets.add(socket)
    return ok.replace('OK\r\n', 'OK\r\nConnection: Close\r\n')
  })
  const { sidecar } = await setUpProxy(httpWire, [replica.port])

  for (let i = 0; i < 3; i += 1) await sidecar.binding(Buffer.from('x'))

  expect(sockets.size).toBe(3)
})

/** A server of its own limits that answers every request with its path. */
async function serve(limits: Partial<ServerLimits>): Promise<number> {
  const all = { maxHeadBytes: 4096, headTimeoutMs: 60_000, stallTimeoutMs: 60_000, maxConnections: 100, ...limits }
  const server = createH1Server(all, {
    request: (request, response) => {
      const large = request.target === '/large' ? 64 * 1024 * 1024 : 2
      response.send({ status: 200, reason: 'OK', fields: [] }, Buffer.alloc(large, 'x'))
      return undefined
    },
  })
  onTestFinished(() => server.close())
  return server.listen(0, '127.0.0.1')
}

const get = (path = '/') => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`

test('a head that takes too long is refused; a connection that says nothing stays', async () => {
  const port = await serve({ headTimeoutMs: 500, stallTimeoutMs: 1000 })
  const silent = rawClient(port)
  const slow = rawClient(port, 'GET / HTTP/1.1\r\nHost: a\r\n')
  const dripping = setInterval(() => slow.socket.write('X: y\r\n'), 50)
  onTestFinished(() => clearInterval(dripping))

  expect((await slow.closed()).text).toMatch(/^HTTP\/1.1 408 /)
  silent.socket.write(get())

  expect(await silent.until('xx')).toContain('200 OK')
})

test('where it is told so, a server cuts whoever asks for nothing, and nobody who asks now and then', async () => {
  const port = await serve({ stallTimeoutMs: 1500, closesIdle: true })
  const silent = rawClient(port)
  const answered = rawClient(port, get())
  const asking = rawClient(port)
  const asks = setInterval(() => asking.socket.write(get()), 300)
  onTestFinished(() => clearInterval(asks))

  expect((await silent.closed()).text).toBe('')
  expect((await answered.closed()).text).toContain('200 OK')
  await new Promise((resolve) => setTimeout(resolve, 1500))
  expect(asking.socket.closed).toBe(false)
})

test('a head that is too large is refused', async () => {
  const port = await serve({})

  expect((await rawClient(port, `GET / HTTP/1.1\r\nX: ${'y'.repeat(5000)}\r\n\r\n`).closed()).text).toMatch(
    /^HTTP\/1.1 431 /,
  )
})

test('whoever does not read what it asked for is cut, and others are served meanwhile', async () => {
  const port = await serve({ stallTimeoutMs: 1500 })
  const client = rawClient(port)
  await eventually(() => client.socket.readyState === 'open')
  client.socket.pause()
  client.socket.write(get('/large'))

  expect(await rawClient(port, get()).until('xx')).toContain('200 OK')
  await new Promise((resolve) => setTimeout(resolve, 5000))
  client.socket.resume()

  expect((await client.closed()).text.length).toBeLessThan(64 * 1024 * 1024)
})

test('connections above the limit are closed as they come', async () => {
  const port = await serve({ maxConnections: 2 })
  const first = rawClient(port)
  const second = rawClient(port, get())
  await second.until('xx')

  expect((await rawClient(port, get()).closed()).text).toBe('')
  first.socket.write(get())
  await first.until('xx')
})

/** A server without known inputs, as in front of any Dapr app, whose events come to `handle`. */
async function serveApp(isHealthy = true) {
  const events: { kind: string; path: string; leftMs: number }[] = []
  const server = createHttpServer({
    handler: async ({ route, message, deadlineMs = Number.POSITIVE_INFINITY }) => {
      const leftMs = deadlineMs - performance.now()
      events.push({ kind: `${route.kind} ${route.name}`, path: (message as HttpMessage).path, leftMs })
      const reply: HttpReply = { status: 204, headers: [], body: Buffer.alloc(0) }
      message.answer(reply)
      return { kind: 'answered', verdict: 'success' }
    },
    isHealthy: () => isHealthy,
    maxEventBytes: 1000,
    memory: unlimitedMemory,
  })
  onTestFinished(() => server.close())
  return { events, port: await server.listen(0, '127.0.0.1') }
}

test('without known inputs all that daprd asks is passed on, and an event of a topic is told by its fields', async () => {
  const { events, port } = await serveApp()
  const say = async (line: string, fields = '') => {
    expect(await rawClient(port, `${line} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`).until('\r\n\r\n')).toContain(' 204 ')
  }

  await say('GET /dapr/config')
  await say('GET /dapr/subscribe')
  await say('OPTIONS /cron')
  await say('GET /healthz')
  const cloudEvent = 'Content-Type: application/cloudevents+json; charset=utf-8\r\nContent-Length: 0\r\n'
  await say('POST /a', `${cloudEvent}Pubsubname: bus\r\n`)
  await say('POST /b', cloudEvent)
  await say('POST /a', 'Content-Type: application/json\r\nContent-Length: 0\r\n')

  expect(events.map(({ kind, path }) => `${kind}${path}`)).toEqual([
    'invoke /dapr/config',
    'invoke /dapr/subscribe',
    'invoke /cron',
    'invoke /healthz',
    'topic /a',
    'invoke /b',
    'invoke /a',
  ])
  const left = events.map(({ leftMs }) => leftMs)
  expect(left[0]).toBe(Number.POSITIVE_INFINITY)
  expect(left[2]).toBeGreaterThan(2000)
  expect(left[2]).toBeLessThanOrEqual(3000)
  expect(left[3]).toBeLessThanOrEqual(0)
})

test('without known inputs the health of the function counts until ours ends', async () => {
  const { events, port } = await serveApp(false)

  expect(await rawClient(port, get('/healthz')).until('\r\n\r\n')).toContain(' 503 ')
  expect(events).toEqual([])
})

test('an event without end takes no more memory than its limit', async () => {
  const server = createServer((incoming, response) => incoming.resume().on('end', () => response.end()))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const limits = { PROXY_MAX_EVENT_BYTES: '100000' }
  const { proxy } = await setUpProxy(httpWire, [(server.address() as { port: number }).port], limits)
  const client = rawClient(proxy.port, 'POST /cron HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n')
  for (let i = 0; i < 200; i += 1) client.socket.write(`400\r\n${'x'.repeat(1024)}\r\n`)

  expect(await client.until('\r\n\r\n')).toContain(' 413 ')
  expect(await metric(proxy.adminPort, 'dapr_proxy_buffered_bytes')).toBe(0)
  client.socket.write(`0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n`)
  expect(await client.until('ok\n')).toContain(' 200 ')
})

test('a sender that vanishes in the middle of its event gives its memory back', async () => {
  const silent = await rawServer(() => {})
  const { proxy } = await setUpProxy(httpWire, [silent])
  const client = rawClient(proxy.port, 'POST /cron HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n')
  client.socket.write('abc')
  await eventually(async () => (await metric(proxy.adminPort, 'dapr_proxy_buffered_bytes')) === 3)
  client.socket.destroy()

  await eventually(async () => (await metric(proxy.adminPort, 'dapr_proxy_buffered_bytes')) === 0)
})

// TLS on either side of the proxy. What holds for events in plain text holds over TLS too: test/contract runs over both.

import { once } from 'node:events'
import { createServer as createHttp2Server, createSecureServer as createSecureHttp2Server } from 'node:http2'
import { createServer } from 'node:https'
import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { describe, expect, onTestFinished, test } from 'vitest'
import { grpcWire } from '../support/grpc-wire.ts'
import { httpWire } from '../support/http-wire.ts'
import { startProcess } from '../support/process.ts'
import { eventually, metric, setUpProxy, unusedPort } from '../support/proxy.ts'
import { overTls, startTerminator, writeCertificate } from '../support/tls.ts'
import type { Behaviour, FunctionReplica, Handle } from '../support/wire.ts'

const certificate = writeCertificate('f.ns.svc.cluster.local')
const stranger = writeCertificate('f.ns.svc.cluster.local')
const success: Behaviour = { status: 'SUCCESS' }
const event = Buffer.from('"x"')

describe.each([
  { protocol: 'https', plain: httpWire, wire: overTls(httpWire, certificate), alpn: 'http/1.1', otherAlpn: 'h2' },
  { protocol: 'grpcs', plain: grpcWire, wire: overTls(grpcWire, certificate), alpn: 'h2', otherAlpn: 'http/1.1' },
])('$protocol', ({ protocol, plain, wire, alpn, otherAlpn }) => {
  const verified = { PROXY_REPLICA_CA: certificate.certFile }
  const unverified = { PROXY_REPLICA_CA: '' }

  const start = async (
    handle: Handle,
    port = 0,
    { tls = certificate, isPlain = false } = {},
  ): Promise<FunctionReplica> => {
    const replica = await plain.startFunction(handle, port, isPlain ? undefined : tls)
    onTestFinished(() => replica.kill())
    return replica
  }

  /** A handle that counts. */
  const counted = (behaviour: Behaviour = success) => {
    const runs: string[] = []
    const handle: Handle = ({ data }) => {
      runs.push(data.toString())
      return behaviour
    }
    return { runs, handle }
  }

  test('a replica that another CA vouches for gets nothing; it all goes to the one that is who it should be', async () => {
    const [wrong, right] = [counted(), counted()]
    const ports = [(await start(wrong.handle, 0, { tls: stranger })).port, (await start(right.handle)).port]
    const { proxy, sidecar } = await setUpProxy(wire, ports, verified)

    for (let i = 0; i < 20; i += 1) expect((await sidecar.topic(event)).outcome).toBe('success')

    expect([wrong.runs.length, right.runs.length]).toEqual([0, 20])
    expect(await metric(proxy.adminPort, 'dapr_proxy_replicas', ['state="unreachable"'])).toBe(1)
  })

  test('without a CA any certificate is good, as it is for daprd', async () => {
    const { runs, handle } = counted()
    const { sidecar } = await setUpProxy(wire, [(await start(handle, 0, { tls: stranger })).port], unverified)

    expect((await sidecar.topic(event)).outcome).toBe('success')
    expect(runs).toHaveLength(1)
  })

  test.each([
    ['of another CA', { tls: stranger }],
    ['in plain text', { isPlain: true }],
  ])('an event waits while the only replica is one %s, and is not lost', async (_title, other) => {
    const { runs, handle } = counted()
    const port = await unusedPort()
    const before = await start(handle, port, other)
    const { proxy, sidecar } = await setUpProxy(wire, [port], verified)

    const sent = sidecar.topic(event)
    await eventually(async () => (await metric(proxy.adminPort, 'dapr_proxy_held')) === 1)
    // It has been asked, and more than once.
    await new Promise((resolve) => setTimeout(resolve, 500))
    const runsBefore = runs.length
    await before.kill()
    await start(handle, port)

    expect((await sent).outcome).toBe('success')
    expect([runsBefore, runs.length]).toEqual([0, 1])
  })

  test('the log says why a replica gets nothing', async () => {
    const { port } = await start(counted().handle, 0, { tls: stranger })
    const proxy = startProcess('proxy/main.js', {
      PROXY_MODE: 'app',
      APP_PROTOCOL: protocol,
      PROXY_PORT: '0',
      PROXY_ADMIN_PORT: '0',
      PROXY_DISCOVERY: `static:127.0.0.1:${port}`,
      ...verified,
    })

    expect(await proxy.record('failure')).toMatchObject({
      failure: 'no TLS handshake',
      replica: `127.0.0.1:${port}`,
      cause: expect.stringMatching(/certificate/),
    })
  })

  test('a replica that dies with an event is followed by another one', async () => {
    const replicas: FunctionReplica[] = []
    let runs = 0
    const handle: Handle = async () => {
      runs += 1
      if (runs > 1) return success
      // Which of the two it is nobody knows: both die, and one is back.
      await Promise.all(replicas.map((replica) => replica.kill()))
      await start(handle, replicas[0]?.port)
      return success
    }
    replicas.push(await start(handle), await start(handle))
    const { proxy, sidecar } = await setUpProxy(
      wire,
      replicas.map(({ port }) => port),
    )

    expect((await sidecar.topic(event)).outcome).toBe('success')
    expect(runs).toBe(2)
    expect(await metric(proxy.adminPort, 'dapr_proxy_possible_duplicates_total')).toBe(1)
  })

  test(`a replica that speaks ${alpn}, or knows nothing of ALPN, gets events; one that speaks ${otherAlpn} alone does not`, async () => {
    const { runs, handle } = counted()
    const { port } = await start(handle, 0, { isPlain: true })
    const own = await startTerminator(port, certificate, alpn)
    const simple = await startTerminator(port, certificate)
    const other = await startTerminator(port, certificate, otherAlpn)

    for (const { port } of [own, simple]) {
      const { sidecar } = await setUpProxy(wire, [port], verified)
      expect((await sidecar.topic(event)).outcome).toBe('success')
    }
    const { sidecar } = await setUpProxy(wire, [other.port], { ...verified, PROXY_HOLD_TIMEOUT: '500ms' })
    expect((await sidecar.topic(event)).code).toBe(wire.codes.unavailable)
    expect([runs.length, other.handshakes()]).toEqual([2, 0])
  })

  test('what events hold on to is used again, however many there are', async () => {
    const { handle } = counted()
    const { sidecar } = await setUpProxy(wire, [(await start(handle)).port])
    const send = async (count: number) => {
      for (let i = 0; i < count; i += 1) await sidecar.binding(event)
      return process.memoryUsage().arrayBuffers
    }

    const before = await send(100)
    const after = await send(1000)

    expect(after - before).toBeLessThan(16 * 1024 * 1024)
  })

  describe('towards daprd', () => {
    const startBoth = async () => {
      const { port } = await start(counted().handle)
      const { proxy, sidecar } = await setUpProxy(wire, [port])
      return { port: proxy.port, sidecar }
    }

    /** What a connection that verifies nothing, as daprd's, agrees on. */
    const agreed = (port: number, options: object) => {
      const socket = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false, ...options })
      onTestFinished(() => {
        socket.destroy()
      })
      return new Promise((resolve) => {
        socket.once('secureConnect', () => resolve(socket.alpnProtocol))
        socket.on('error', () => resolve('refused'))
      })
    }

    test(`the app port agrees on ${alpn}, or on nothing where daprd only looks whether it is open`, async () => {
      const { port, sidecar } = await startBoth()

      expect(await agreed(port, { ALPNProtocols: ['h2', 'http/1.1'] })).toBe(alpn)
      expect(await agreed(port, { ALPNProtocols: [otherAlpn] })).toBe('refused')
      expect(await agreed(port, {})).toBe(false)
      expect(await agreed(port, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' })).toBe(
        'refused',
      )
      expect((await sidecar.topic(event)).outcome).toBe('success')
    })

    test('who speaks plain text to it loses his connection, and nobody else notices', async () => {
      const { port, sidecar } = await startBoth()
      const socket = connect(port, '127.0.0.1').on('error', () => {})
      socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
      socket.resume()
      await once(socket, 'close')

      expect((await sidecar.topic(event)).outcome).toBe('success')
    })
  })
})

test.each([
  ['plain text', 'TLS', 'https'],
  ['TLS', 'plain text', 'http'],
  ['TLS', 'TLS', 'https'],
])(
  'a call that comes over %s and goes on over %s says %s, as servers that look at it want',
  async (from, to, scheme) => {
    const seen: unknown[] = []
    const server = to === 'TLS' ? createSecureHttp2Server({ ...certificate }) : createHttp2Server()
    server.on('stream', (stream, headers) => {
      seen.push(headers[':scheme'])
      stream.respond({ 'content-type': 'application/grpc' }, { waitForTrailers: true })
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
      stream.end(Buffer.alloc(5))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => {
      server.close()
    })
    const { port } = server.address() as { port: number }
    const replicaTls = { APP_PROTOCOL: to === 'TLS' ? 'grpcs' : 'grpc', PROXY_REPLICA_CA: '' }
    const { sidecar } = await setUpProxy(from === 'TLS' ? overTls(grpcWire, certificate) : grpcWire, [port], replicaTls)

    expect((await sidecar.binding(event)).outcome).toBe('success')
    expect(seen).toEqual([scheme])
  },
)

test('an answer that is cut is cut for its sender too, though its end is all that tells its length', async () => {
  const server = createServer({ ...certificate }, (_request, response) => {
    response.write('begin')
    setTimeout(() => response.destroy(), 50)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
  })
  const { port } = server.address() as { port: number }
  const { proxy, sidecar } = await setUpProxy(overTls(httpWire, certificate), [port])

  const socket = connectTls({ host: '127.0.0.1', port: proxy.port, ca: certificate.cert })
  socket.on('error', () => {})
  let answer = ''
  socket.on('data', (bytes) => {
    answer += String(bytes)
  })
  socket.write('GET /greet HTTP/1.0\r\nHost: x\r\n\r\n')
  await once(socket, 'close')

  expect(answer).toMatch(/^HTTP\/1.1 200 OK[\s\S]*begin$/)
  expect(await sidecar.isHealthy()).toBe(true)
})

test('a certificate that does not fit its key, and a CA that is none, are wrong configuration', async () => {
  const start = (env: Record<string, string>) =>
    setUpProxy(grpcWire, [1], { APP_PROTOCOL: 'grpcs', ...env }).catch(({ message }) => message)

  expect(await start({ PROXY_TLS_CERT: certificate.certFile, PROXY_TLS_KEY: stranger.keyFile })).toMatch(
    /PROXY_TLS_CERT cannot be used: .*mismatch/,
  )
  expect(await start({ PROXY_REPLICA_CA: certificate.keyFile })).toContain('PROXY_REPLICA_CA is')
})

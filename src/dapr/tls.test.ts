import { createServer, type Socket } from 'node:net'
import tls, { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createCertificate } from '../../test/support/certificate.ts'
import { unusedPort } from '../../test/support/proxy.ts'
import { createTlsDial } from './tls.ts'

const host = '127.0.0.1'
const certificate = createCertificate('f.ns.svc.cluster.local')

/** What came of it: connected, or why not. */
const reached = (dial: ReturnType<typeof createTlsDial>, port: number) =>
  new Promise<string>((resolve) => {
    const socket = dial({ host, port }, { onConnected: () => resolve('connected') })
    socket.on('error', ({ message }) => resolve(message))
    onTestFinished(() => {
      socket.destroy()
    })
  })

async function listen(server: ReturnType<typeof createServer>): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  onTestFinished(() => {
    server.close()
  })
  return (server.address() as { port: number }).port
}

const startTls = (options: TlsOptions = {}) =>
  listen(createTlsServer({ ...certificate, ...options }, (socket) => void socket.on('error', () => {}).resume()))

describe('a replica over TLS', () => {
  test('is connected when the handshake is over, whatever its certificate, unless there is a CA to tell by', async () => {
    const port = await startTls()
    const other = createCertificate().cert

    expect(await reached(createTlsDial('grpc', {}), port)).toBe('connected')
    expect(await reached(createTlsDial('grpc', { ca: certificate.cert }), port)).toBe('connected')
    expect(await reached(createTlsDial('grpc', { ca: other }), port)).toMatch(/self[- ]signed/)
    expect(await reached(createTlsDial('grpc', { ca: `${other}${certificate.cert}` }), port)).toBe('connected')
  })

  test('is asked for by the name that its certificate has to be for', async () => {
    const asked: string[] = []
    const port = await startTls({
      SNICallback(name, done) {
        asked.push(name)
        done(null)
      },
    })
    const as = (serverName: string) => reached(createTlsDial('http', { ca: certificate.cert, serverName }), port)

    expect(await as('f.ns.svc.cluster.local')).toBe('connected')
    expect(await as('g.ns.svc.cluster.local')).toContain('g.ns.svc.cluster.local')
    expect(await as(host)).toBe('connected')
    expect(await as('10.0.0.1')).toContain('10.0.0.1')
    expect(asked).toEqual(['f.ns.svc.cluster.local', 'g.ns.svc.cluster.local'])
  })

  test.each([
    ['grpc', 'h2', 'http/1.1'],
    ['http', 'http/1.1', 'h2'],
  ] as const)('of %s speaks %s, and is not connected if it speaks %s alone', async (protocol, own, other) => {
    const dial = createTlsDial(protocol, {})

    expect(await reached(dial, await startTls({ ALPNProtocols: [other, own] }))).toBe('connected')
    expect(await reached(dial, await startTls({ ALPNProtocols: [other] }))).toMatch(/no application protocol/)
  })

  test('speaks TLS 1.2 at least, whatever OpenSSL would allow', async () => {
    const before = tls.DEFAULT_CIPHERS
    tls.DEFAULT_CIPHERS = 'DEFAULT@SECLEVEL=0'
    onTestFinished(() => {
      tls.DEFAULT_CIPHERS = before
    })
    const old = await startTls({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1' })
    const oldest = await startTls({ minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' })

    expect(await reached(createTlsDial('http', {}), old)).not.toBe('connected')
    expect(await reached(createTlsDial('http', {}), oldest)).toBe('connected')
  })

  test('that takes the connection and says nothing is not connected in time, and neither is one in plain text', async () => {
    const sockets: Socket[] = []
    const silent = await listen(createServer((socket) => void sockets.push(socket.on('error', () => {}))))
    const plain = await listen(
      createServer((socket) => void socket.on('error', () => {}).end('HTTP/1.1 400 no\r\n\r\n')),
    )
    const dial = createTlsDial('http', {})

    expect(await reached(dial, silent)).toBe('not connected in time')
    expect(await reached(dial, plain)).not.toBe('connected')
    expect(await reached(dial, await unusedPort())).toContain('ECONNREFUSED')
    for (const socket of sockets) socket.destroy()
  })
})

// The ends of a proxy over TLS, and certificates in files.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import { afterAll, onTestFinished } from 'vitest'
import { type Certificate, createCertificate } from './certificate.ts'
import type { Wire } from './wire.ts'

export interface CertificateFiles extends Certificate {
  readonly certFile: string
  readonly keyFile: string
}

/** A certificate whose files are there until the tests of the file are over. Not to be called in a test. */
export function writeCertificate(...names: string[]): CertificateFiles {
  const folder = mkdtempSync(join(tmpdir(), 'certificate-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  const certificate = createCertificate(...names)
  const [certFile, keyFile] = [join(folder, 'tls.crt'), join(folder, 'tls.key')]
  writeFileSync(certFile, certificate.cert)
  writeFileSync(keyFile, certificate.key)
  return { ...certificate, certFile, keyFile }
}

/** The same wire with TLS on both sides of the proxy, and each side asks who the other one is. */
export function overTls(wire: Wire, certificate = writeCertificate()): Wire {
  return {
    ...wire,
    env: {
      APP_PROTOCOL: `${wire.protocol}s`,
      PROXY_REPLICA_CA: certificate.certFile,
      PROXY_TLS_CERT: certificate.certFile,
      PROXY_TLS_KEY: certificate.keyFile,
    },
    // Over HTTP/1.1 each is a handshake, which this process calculates for both sides, and who is last looks slow for a while.
    burst: { events: 100, leastShare: 0 },
    startFunction: (handle, port) => wire.startFunction(handle, port, certificate),
    connect: (port) => wire.connect(port, certificate.cert),
  }
}

/** TLS in front of a port in plain text. Of ALPN it knows these protocols; none: it knows nothing of ALPN. */
export async function startTerminator(target: number, certificate: Certificate, ...protocols: string[]) {
  let handshakes = 0
  const server = createServer(
    { ...certificate, ...(protocols.length > 0 && { ALPNProtocols: protocols }) },
    (socket) => {
      handshakes += 1
      const plain = connect(target, '127.0.0.1')
      for (const [from, to] of [
        [socket, plain],
        [plain, socket],
      ] as const) {
        from.on('error', () => {}).on('close', () => to.destroy())
        from.pipe(to)
      }
    },
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
  })
  return { port: (server.address() as { port: number }).port, handshakes: () => handshakes }
}

// TLS towards replicas and towards daprd, as daprd speaks it to an app: 1.2 or later, and any certificate is taken where there is no CA to tell by.

import { isIP } from 'node:net'
import { type ConnectionOptions, checkServerIdentity, connect, createSecureContext, createServer } from 'node:tls'
import type { KeyPair } from '../shared/pem-files.ts'
import { type Dial, type Dialling, inTime, keepAliveDelayMs } from './dial.ts'
import type { CreateServer } from './server.ts'

/** What is spoken inside. */
type Protocol = 'grpc' | 'http'

// One alone, so that a peer that wants another one ends the handshake (RFC 7301 §3.2). Whoever knows nothing of ALPN may go on.
const alpnOf: Readonly<Record<Protocol, string>> = { grpc: 'h2', http: 'http/1.1' }

const minVersion = 'TLSv1.2'

/** In milliseconds. daprd gives up after half a second; a pod has five left when its time to drain is over. */
const handshakeTimeoutMs = 4000

export interface ReplicaTls {
  /** PEM of the authorities that the certificate of a replica may come from. Without it any certificate is taken, as daprd does. */
  readonly ca?: string
  /** Whom the certificate has to name. Default: the host that is dialled. */
  readonly serverName?: string
}

/** Connected means that the handshake is over, and that the replica is who it should be. */
export function createTlsDial(protocol: Protocol, { ca, serverName }: ReplicaTls): Dial {
  // Given a list, even an empty one, Node does not load the authorities that it knows itself.
  const secureContext = createSecureContext({ ca: ca ?? [], minVersion })
  return ({ host, port }, { onread, onConnected } = {}) => {
    const name = serverName ?? host
    const options: ConnectionOptions & Dialling = {
      host,
      port,
      secureContext,
      ALPNProtocols: [alpnOf[protocol]],
      // An address is not asked for by name (RFC 6066 §3).
      servername: isIP(name) ? '' : name,
      rejectUnauthorized: ca !== undefined,
      checkServerIdentity: (_host, certificate) =>
        ca === undefined ? undefined : checkServerIdentity(name, certificate),
      ...(onread && { onread }),
    }
    const socket = connect(options)
    socket.once('connect', () => socket.setNoDelay(true).setKeepAlive(true, keepAliveDelayMs))
    return socket.once('secureConnect', inTime(socket, onConnected))
  }
}

/** Its connections are those whose handshake is over. */
export function createTlsServer(protocol: Protocol, { cert, key }: KeyPair): CreateServer {
  const own = {
    cert,
    key,
    minVersion,
    ALPNProtocols: [alpnOf[protocol]],
    handshakeTimeout: handshakeTimeoutMs,
  } as const
  // What cannot be used is told now, and not when somebody listens.
  createSecureContext(own)
  return (options, onConnection) => createServer({ ...options, ...own }, onConnection)
}

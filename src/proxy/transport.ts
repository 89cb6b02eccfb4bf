// How connections are made on both sides of the proxy: in plain text, or over TLS.

import { dialPlain, plainWay, type Way } from '../dapr/dial.ts'
import { connectTimeoutMs } from '../dapr/replica.ts'
import type { CreateServer } from '../dapr/server.ts'
import { usable } from '../shared/pem-files.ts'
import type { ProxyConfig } from './config.ts'

export interface Transport {
  readonly toReplicas: Way & {
    /** Time for a replica to show that it can be dialled, in milliseconds; absent for the usual one. */
    readonly timeoutMs?: number
  }
  /** What daprd connects to; absent for plain text. */
  readonly createServer?: CreateServer
}

/** Throws a ConfigurationError if certificates cannot be used. */
export async function transportOf({ protocol, tls, replicaTls }: ProxyConfig): Promise<Transport> {
  if (tls === undefined && replicaTls === undefined) return { toReplicas: plainWay }
  // It brings node:tls, so it is loaded where it is used.
  const { createTlsDial, createTlsServer } = await import('../dapr/tls.ts')
  const dial = replicaTls && usable('PROXY_REPLICA_CA', () => createTlsDial(protocol, replicaTls))
  const createServer = tls && usable('PROXY_TLS_CERT', () => createTlsServer(protocol, tls))
  return {
    toReplicas: dial
      ? // A handshake takes time of two processors: as long as an event may take to connect.
        { dial, scheme: 'https', timeoutMs: connectTimeoutMs }
      : { dial: dialPlain, scheme: 'http' },
    ...(createServer && { createServer }),
  }
}

// A discovery of the product by the stand-in of the API server, and a way to it that breaks.

import { type AddressInfo, connect, createServer } from 'node:net'
import { expect, onTestFinished } from 'vitest'
import { startDiscovery } from '../../src/proxy/discovery/discovery.ts'
import type { EndpointSlicesConfig } from '../../src/proxy/discovery/settings.ts'
import { createLog } from '../../src/shared/log.ts'
import { type ApiServerDouble, slice, startApiServer } from './api-server.ts'
import { eventually } from './proxy.ts'

/** A discovery in front of `server`. The fallback is a name that the system knows. */
export function follow(server: ApiServerDouble, more: Partial<EndpointSlicesConfig> = {}) {
  const sets: string[][] = []
  const lines: string[] = []
  const config: EndpointSlicesConfig = {
    kind: 'endpointslices',
    namespace: 'ns',
    service: 'f',
    port: { likely: 8080 },
    apiServer: { host: '127.0.0.1', port: server.port },
    account: server.account,
    fallback: { host: '127.0.0.9', port: 8080 },
    ...more,
  }
  const log = createLog((line) => lines.push(line), 'debug')
  const discovery = startDiscovery(config, (set) => sets.push(set.map(({ host }) => host)), log)
  let isStopped = false
  const stop = () => {
    isStopped = true
    discovery.stop()
  }
  onTestFinished(() => {
    if (!isStopped) discovery.stop()
    // Whatever happened: the token is in no log.
    expect(lines.join('')).not.toMatch(/first|second|Bearer/)
  })
  return {
    discovery,
    sets,
    lines,
    stop,
    now: () => sets.at(-1),
    count: (text: string) => lines.filter((line) => line.includes(text)).length,
  }
}

/** A way to `port` on which the first connection breaks once `bytes` have come back. */
export async function startRelay(port: number, bytes: number): Promise<number> {
  let left = bytes
  const relay = createServer((client) => {
    const server = connect(port, '127.0.0.1')
    const limit = left
    left = Number.POSITIVE_INFINITY
    let passed = 0
    const close = () => {
      client.destroy()
      server.destroy()
    }
    client.pipe(server)
    server.on('data', (piece) => {
      client.write(piece.subarray(0, Math.max(0, limit - passed)))
      passed += piece.length
      if (passed >= limit) client.end(close)
    })
    for (const socket of [client, server]) socket.on('error', close).on('close', close)
  })
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    relay.close()
  })
  return (relay.address() as AddressInfo).port
}

/** A watch that has begun, of one slice with these pods. */
export async function started(...hosts: string[]) {
  const server = await startApiServer()
  server.put(slice('f-a', hosts))
  const found = follow(server)
  await found.discovery.ready
  await eventually(() => server.watches === 1)
  return { server, ...found }
}

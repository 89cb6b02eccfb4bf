// A proxy of the product in this process, in front of replicas at given ports.

import { readFileSync } from 'node:fs'
import { onTestFinished } from 'vitest'
import { parseProxyConfig } from '../../src/proxy/config.ts'
import { type RunningProxy, startProxy } from '../../src/proxy/proxy.ts'
import { silentLog } from '../../src/shared/log.ts'
import { funcContext } from './func-context.ts'
import type { Sidecar, Wire } from './wire.ts'

export interface Setup {
  readonly proxy: RunningProxy
  readonly sidecar: Sidecar
}

/** Settings are those of the environment. All of it is stopped when the test is over. */
export async function setUpProxy(
  wire: Wire,
  ports: readonly number[],
  env: Record<string, string> = {},
): Promise<Setup> {
  const config = parseProxyConfig(
    {
      FUNC_CONTEXT: funcContext,
      APP_PROTOCOL: wire.protocol,
      PROXY_PORT: '0',
      PROXY_ADMIN_PORT: '0',
      PROXY_DISCOVERY: `static:${ports.map((port) => `127.0.0.1:${port}`).join(',')}`,
      PROXY_DRAIN_TIMEOUT: '1ms',
      ...wire.env,
      ...env,
    },
    (path) => readFileSync(path, 'utf8'),
  )
  const proxy = await startProxy(config, silentLog)
  const sidecar = wire.connect(proxy.port)
  onTestFinished(async () => {
    sidecar.close()
    await proxy.stop()
  })
  return { proxy, sidecar }
}

/** The sum of one metric over the series whose labels contain all of `labels`. */
export async function metric(adminPort: number, name: string, labels: readonly string[] = []): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text()
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .filter((line) => labels.every((label) => line.includes(label)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
}

/** Resolves once `condition` holds; fails after `withinMs`. */
export async function eventually(condition: () => boolean | Promise<boolean>, withinMs = 5000): Promise<void> {
  const end = Date.now() + withinMs
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`not within ${withinMs} ms: ${condition}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** A port that nothing listens on. */
export async function unusedPort(): Promise<number> {
  const { createServer } = await import('node:net')
  // Below the ports that the system gives to whoever asks for any (ip_local_port_range): those another test comes upon meanwhile.
  const port = 10_000 + Math.floor(Math.random() * 20_000)
  const server = createServer()
  const isUnused = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => resolve(true))
  })
  if (!isUnused) return unusedPort()
  await new Promise((resolve) => server.close(resolve))
  return port
}

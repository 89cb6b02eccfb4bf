// A proxy of the product as a process of its own, for as long as a measurement takes. Needs `make build`.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { funcContext } from './func-context.ts'
import type { Wire } from './wire.ts'

/** The build under test: that of this checkout, or the entry point of another one. */
const entry = process.env.PROXY || fileURLToPath(new URL('../../dist/proxy/main.js', import.meta.url))

export interface ProxyProcess {
  readonly pid: number
  readonly port: number
  readonly adminPort: number
  kill(): void
}

/** `env`: more settings. */
export async function startProxyProcess(
  wire: Wire,
  ports: readonly number[],
  env: Readonly<Record<string, string>> = {},
): Promise<ProxyProcess> {
  // As the controller sets it in NODE_OPTIONS.
  const child = spawn(process.execPath, ['--max-semi-space-size=2', entry], {
    env: {
      PATH: process.env.PATH,
      FUNC_CONTEXT: funcContext,
      APP_PROTOCOL: wire.protocol,
      PROXY_PORT: '0',
      PROXY_ADMIN_PORT: '0',
      PROXY_DISCOVERY: `static:${ports.map((port) => `127.0.0.1:${port}`).join(',')}`,
      LOG_LEVEL: 'info',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines = createInterface(child.stdout)
  const [line] = (await once(lines, 'line')) as [string]
  // What it says later is read, so that it never waits for us.
  lines.on('line', () => {})
  const { port, adminPort } = JSON.parse(line) as { port: number; adminPort: number }
  return { pid: child.pid as number, port, adminPort, kill: () => child.kill('SIGKILL') }
}

// A proxy of the product as a process of its own, with the flags of its image.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { funcContext } from '../support/func-context.ts'

const entry = fileURLToPath(new URL('../../dist/proxy/main.js', import.meta.url))

export interface ProxyProcess {
  readonly pid: number
  readonly port: number
  /** From the start of the process to its line "listening", in milliseconds. */
  readonly startMs: number
  kill(): void
}

export async function startProxyProcess(protocol: string, ports: readonly number[]): Promise<ProxyProcess> {
  const startedMs = performance.now()
  const child = spawn(process.execPath, ['--max-semi-space-size=2', entry], {
    env: {
      PATH: process.env.PATH,
      FUNC_CONTEXT: funcContext,
      APP_PROTOCOL: protocol,
      PROXY_PORT: '0',
      PROXY_ADMIN_PORT: '0',
      PROXY_DISCOVERY: `static:${ports.map((port) => `127.0.0.1:${port}`).join(',')}`,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  const { port } = JSON.parse(line) as { port: number }
  return { pid: child.pid as number, port, startMs: performance.now() - startedMs, kill: () => child.kill('SIGKILL') }
}

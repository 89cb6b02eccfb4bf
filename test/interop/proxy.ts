// The proxy under test: a process of its own for each server behind it, or one that runs already, at the port TARGET of 127.0.0.1.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { funcContext } from '../support/func-context.ts'

/** The build under test: that of this checkout, or the entry point of another one. */
const entry = process.env.PROXY || fileURLToPath(new URL('../../dist/proxy/main.js', import.meta.url))

export interface Proxy {
  readonly port: number
  kill(): void
}

/** Where the servers listen: any free port, or the one that the proxy at TARGET was told. */
export const replicaPort = Number(process.env.REPLICA || 0)

export async function startProxy(replica: number): Promise<Proxy> {
  if (process.env.TARGET) return { port: Number(process.env.TARGET), kill: () => {} }
  const child = spawn(process.execPath, ['--max-semi-space-size=2', entry], {
    env: {
      PATH: process.env.PATH,
      FUNC_CONTEXT: funcContext,
      APP_PROTOCOL: 'grpc',
      PROXY_PORT: '0',
      PROXY_ADMIN_PORT: '0',
      PROXY_DISCOVERY: `static:127.0.0.1:${replica}`,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const line = await firstLine(child, 'the proxy')
  return { port: (JSON.parse(line) as { port: number }).port, kill: () => child.kill('SIGKILL') }
}

/** What a process says when it is ready. Throws if it ends before. */
export async function firstLine(child: ChildProcess, name: string): Promise<string> {
  const lines = createInterface(child.stdout as NodeJS.ReadableStream)
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`${name} ended at its start, code ${code}`)
  })
  const [line] = (await Promise.race([once(lines, 'line'), ended])) as [string]
  ended.catch(() => {})
  return line
}

// What is measured side by side: our proxy, nginx, haproxy and a relay of bytes, each as one process in front of the same replicas.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { funcContext } from '../support/func-context.ts'
import { onCore } from './cores.ts'
import { cache } from './programs.ts'
import { haproxyConfig, nginxConfig, type Reference } from './references.ts'

export type Protocol = 'http' | 'grpc'
/** In the order of the columns. The relay of bytes (`byte-relay.mjs`) is the floor: no program on `node:net` can do less. */
export const contenderNames = ['proxy', 'nginx', 'haproxy', 'byte relay'] as const
export type ContenderName = (typeof contenderNames)[number]

export interface Contender {
  readonly pid: number
  readonly port: number
  /** From the start of the process to its line "listening", in milliseconds; of our own alone. */
  readonly startMs: number
  kill(): Promise<void>
}

/** The build under test: that of this checkout, or the entry point of another one. */
const entry = process.env.PROXY || fileURLToPath(new URL('../../dist/proxy/main.js', import.meta.url))
/** A folder for profiles of the CPU. What is then measured counts for nothing. */
const profile = process.env.PROFILE
const byteRelay = fileURLToPath(new URL('byte-relay.mjs', import.meta.url))

/** What the Deployment of a proxy gives it in NODE_OPTIONS. */
const usualFlags = ['--max-semi-space-size=2']

export async function startProxyProcess(protocol: Protocol, ports: readonly number[]): Promise<Contender> {
  const startedMs = performance.now()
  const flags = [...usualFlags, ...(profile ? ['--cpu-prof', `--cpu-prof-dir=${profile}`] : [])]
  const [command, ...args] = onCore('proxy', [process.execPath, ...flags, entry])
  const child = spawn(command, args, {
    env: {
      PATH: process.env.PATH,
      FUNC_CONTEXT: funcContext,
      APP_PROTOCOL: protocol,
      PROXY_PORT: '0',
      PROXY_ADMIN_PORT: '0',
      PROXY_DISCOVERY: `static:${ports.map((port) => `127.0.0.1:${port}`).join(',')}`,
      PROXY_DRAIN_TIMEOUT: '1ms',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  const { port } = JSON.parse(line) as { port: number }
  const startMs = performance.now() - startedMs
  return { pid: child.pid as number, port, startMs, kill: () => end(child, profile ? 'SIGTERM' : 'SIGKILL') }
}

export async function startContender(
  name: ContenderName,
  protocol: Protocol,
  ports: readonly number[],
): Promise<Contender> {
  if (name === 'proxy') return startProxyProcess(protocol, ports)
  const port = await freePort()
  const own =
    name === 'byte relay' ? relayCommand(port, ports) : referenceCommand(name, { protocol, port, replicas: ports })
  const [command, ...args] = onCore('proxy', own)
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  await listening(child, name, port)
  return { pid: child.pid as number, port, startMs: Number.NaN, kill: () => end(child, 'SIGKILL') }
}

function relayCommand(port: number, [replica]: readonly number[]): string[] {
  return [process.execPath, ...usualFlags, byteRelay, String(port), String(replica)]
}

function referenceCommand(name: 'nginx' | 'haproxy', reference: Reference): string[] {
  const folder = `${cache}/${name}-${reference.port}`
  mkdirSync(folder, { recursive: true })
  const file = `${folder}/${name}.conf`
  writeFileSync(file, (name === 'nginx' ? nginxConfig : haproxyConfig)(reference))
  return name === 'nginx'
    ? ['nginx', '-p', folder, '-e', `${folder}/error.log`, '-c', file]
    : ['haproxy', '-db', '-f', file]
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill(signal)
  await gone
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

async function listening(child: ChildProcess, name: string, port: number): Promise<void> {
  while (child.exitCode === null) {
    const socket = connect(port, '127.0.0.1')
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    })
    socket.destroy()
    if (isOpen) return
    await sleep(10)
  }
  throw new Error(`${name} did not start`)
}

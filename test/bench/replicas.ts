// The function replicas of the measurements: a program that answers at once, and counts.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { onCore } from './cores.ts'
import { peers } from './programs.ts'

export interface Replicas {
  readonly ports: readonly number[]
  /** Events that all of them have answered so far. */
  served(): Promise<number>
  kill(): void
}

export async function startReplicas(count: number): Promise<Replicas> {
  const [command, ...args] = onCore('others', [peers, 'backend', String(count)])
  const child = spawn(command, args, { env: { ...process.env, GOMAXPROCS: '1' }, stdio: ['pipe', 'pipe', 'inherit'] })
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  const ports = JSON.parse(line) as number[]
  const served = async () => Number(await (await fetch(`http://127.0.0.1:${ports[0]}/served`)).text())
  return { ports, served, kill: () => child.kill('SIGKILL') }
}

// grpc-go as server and as client, each a process of its own.

import { execFile, spawn } from 'node:child_process'
import { promisify } from 'node:util'
import type { Check } from './check.ts'
import { programs } from './programs.ts'
import { firstLine, replicaPort } from './proxy.ts'

export interface Server {
  readonly port: number
  stop(): void
}

export async function startGoServer(): Promise<Server> {
  const child = spawn(programs.grpcGo, ['serve', `127.0.0.1:${replicaPort}`], { stdio: ['ignore', 'pipe', 'inherit'] })
  return { port: Number(await firstLine(child, 'grpc-go')), stop: () => child.kill('SIGKILL') }
}

export async function callFromGo(port: number, seed: string): Promise<Check[]> {
  const { stdout } = await promisify(execFile)(programs.grpcGo, ['call', `127.0.0.1:${port}`, seed])
  return stdout.split(/\n(?=ok |not ok )/).map((line) => {
    const [, isNot, name, problem] = /^(not )?ok ([^:\n]+)(?:: (.*))?/s.exec(line) ?? [undefined, 'not ', line]
    return { name: (name as string).trim(), ...(isNot && { problem: problem ?? 'no such line was expected' }) }
  })
}

// Start time and memory of the proxy beside the smallest HTTP server that Node can be.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type Contender, startProxyProcess } from './contenders.ts'
import { onCore } from './cores.ts'
import { residentMiB } from './usage.ts'

export interface Start {
  readonly what: string
  /** One of each round, like all that is compared. */
  readonly startMs: readonly number[]
  readonly idleMiB: readonly number[]
}

const bare = `require('node:http').createServer((q, s) => s.end()).listen(0, '127.0.0.1', () => console.log('listening'))`

async function startBare(): Promise<Pick<Contender, 'pid' | 'startMs' | 'kill'>> {
  const startedMs = performance.now()
  const [command, ...args] = onCore('proxy', [process.execPath, '-e', bare])
  // NODE_EXTRA_CA_CERTS, for one, would slow down its start and not that of the proxy.
  const child = spawn(command, args, { env: { PATH: process.env.PATH }, stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  const startMs = performance.now() - startedMs
  return { pid: child.pid as number, startMs, kill: async () => void child.kill('SIGKILL') }
}

/** The bare one first; in each round all of them start, one after the other. */
export async function measureStarts(rounds: number): Promise<Start[]> {
  const starters = {
    'bare node:http': startBare,
    'proxy, http': () => startProxyProcess('http', [1]),
    'proxy, grpc': () => startProxyProcess('grpc', [1]),
  }
  const starts = Object.keys(starters).map((what) => ({ what, startMs: [] as number[], idleMiB: [] as number[] }))
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, start] of Object.values(starters).entries()) {
      const running = await start()
      starts[index]?.startMs.push(running.startMs)
      starts[index]?.idleMiB.push(residentMiB(running.pid))
      await running.kill()
    }
  }
  return starts
}

// Start time and memory of the proxy beside the smallest HTTP server that Node can be.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { residentMiB } from './cpu.ts'
import { startProxyProcess } from './proxy-process.ts'

export interface Start {
  readonly what: string
  readonly startMs: number
  readonly idleMiB: number
}

const bare = `require('node:http').createServer((q, s) => s.end()).listen(0, '127.0.0.1', () => console.log('listening'))`

async function startBare(): Promise<{ readonly pid: number; readonly startMs: number; kill(): void }> {
  const startedMs = performance.now()
  const child = spawn(process.execPath, ['-e', bare], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  return { pid: child.pid as number, startMs: performance.now() - startedMs, kill: () => child.kill('SIGKILL') }
}

/** The medians of `runs` starts of each, in turn. */
export async function measureStarts(runs: number): Promise<Start[]> {
  const starters = {
    'bare node:http': startBare,
    'proxy, http': () => startProxyProcess('http', [1]),
    'proxy, grpc': () => startProxyProcess('grpc', [1]),
  }
  const samples = Object.keys(starters).map((what) => ({ what, startMs: [] as number[], idleMiB: [] as number[] }))
  for (let run = 0; run < runs; run += 1) {
    for (const [index, start] of Object.values(starters).entries()) {
      const process = await start()
      samples[index]?.startMs.push(process.startMs)
      samples[index]?.idleMiB.push(residentMiB(process.pid))
      process.kill()
    }
  }
  return samples.map(({ what, startMs, idleMiB }) => ({ what, startMs: median(startMs), idleMiB: median(idleMiB) }))
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

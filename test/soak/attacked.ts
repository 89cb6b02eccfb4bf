// How long events of others take while attackers are at work: calm and attack take turns in one run, and only their ratio counts.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { residentMiB } from '../bench/usage.ts'
import { percentile } from '../integration/crash/load.ts'
import { grpcWire } from '../support/grpc-wire.ts'
import { startProxyProcess } from '../support/proxy-process.ts'
import { grpcSender, type Sender } from './senders.ts'
import { Replica } from './soak.ts'

export interface AttackFigures {
  readonly name: string
  /** Connections that were made for it, one after the other on each of the attackers. */
  readonly connections: number
  readonly events: number
  readonly failed: number
  /** Milliseconds from the moment that an event is due. */
  readonly calmP50: number
  readonly attackP50: number
  readonly calmP99: number
  readonly attackP99: number
  /** Of the p99, in the middle of all rounds. */
  readonly ratio: number
  readonly moreMiB: number
}

const attackers = 5
const everyMs = 4
const roundMs = 2000
const rounds = 5
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** `pauseMs`: how long an attacker whose connection has been ended waits before its next one. */
export async function measureUnderAttack(name: string, pauseMs: number): Promise<AttackFigures> {
  const replica = await Replica.start('grpc')
  const proxy = await startProxyProcess(grpcWire, [replica.port], { PROXY_MAX_IN_FLIGHT: '100000' })
  const sender = grpcSender(proxy.port)
  const program = fileURLToPath(new URL('attacker.ts', import.meta.url))
  const args = [program, String(proxy.port), name, String(attackers), String(pauseMs)]
  const child = spawn(process.execPath, ['--import', 'tsx', ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  let connections = 0
  try {
    await once(child.stdout, 'data')
    child.stdout.on('data', (dots: Buffer) => {
      connections += dots.length
    })
    await pace(sender, roundMs)
    const calmMiB = residentMiB(proxy.pid)
    const calm: Round[] = []
    const attacked: Round[] = []
    let highestMiB = 0
    for (let round = 0; round < rounds; round += 1) {
      calm.push(await pace(sender, roundMs))
      child.stdin.write('\n')
      attacked.push(await pace(sender, roundMs))
      highestMiB = Math.max(highestMiB, residentMiB(proxy.pid))
      child.stdin.write('\n')
      await pause(500)
    }
    const all = [...calm, ...attacked]
    const middle = (parts: readonly Round[], part: number) =>
      median(parts.map(({ tookMs }) => percentile(tookMs, part)))
    return {
      ...{ name, connections, events: all.reduce((sum, { tookMs }) => sum + tookMs.length, 0) },
      failed: all.reduce((sum, { failed }) => sum + failed, 0),
      ...{ calmP50: middle(calm, 0.5), attackP50: middle(attacked, 0.5) },
      ...{ calmP99: middle(calm, 0.99), attackP99: middle(attacked, 0.99) },
      ratio: median(
        attacked.map(({ tookMs }, i) => percentile(tookMs, 0.99) / percentile(calm[i]?.tookMs ?? [], 0.99)),
      ),
      moreMiB: highestMiB - calmMiB,
    }
  } finally {
    sender.close()
    proxy.kill()
    replica.kill()
    child.kill('SIGKILL')
  }
}

interface Round {
  readonly tookMs: readonly number[]
  readonly failed: number
}

/** An event each four milliseconds, whatever became of those before. */
async function pace(sender: Sender, ms: number): Promise<Round> {
  const tookMs: number[] = []
  let failed = 0
  const startedMs = performance.now()
  const sent: Promise<void>[] = []
  const send = async (id: number, dueMs: number) => {
    const answer = await sender.send(Buffer.from(`id=${id};`.padEnd(256, 'x')))
    tookMs.push(performance.now() - dueMs)
    if (answer !== String(id)) failed += 1
  }
  for (let id = 0; id * everyMs < ms; id += 1) {
    const dueMs = startedMs + id * everyMs
    if (dueMs > performance.now()) await pause(dueMs - performance.now())
    sent.push(send(id, dueMs))
  }
  await Promise.all(sent)
  return { tookMs, failed }
}

const median = (values: readonly number[]): number => percentile(values, 0.5)

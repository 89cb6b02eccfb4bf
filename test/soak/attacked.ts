// How long events of others take while attackers are at work: calm and attack take turns in one run, and only their ratio counts.
// The proxy has a core for itself. On the other one attackers run only while nobody else wants to: what the senders of events
// would wait for them is no wait of the proxy's.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { moveToProxyCore } from '../bench/cores.ts'
import { cpuMicros, residentMiB } from '../bench/usage.ts'
import { percentile } from '../integration/crash/load.ts'
import { grpcWire } from '../support/grpc-wire.ts'
import { metric } from '../support/proxy.ts'
import { startProxyProcess } from '../support/proxy-process.ts'
import { heapOf } from './held.ts'
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
  /** CPU time that one connection of an attacker costs, in milliseconds: of the proxy, and of the function that its calls reach. */
  readonly proxyMsEach: number
  readonly functionMsEach: number
  readonly moreMiB: number
  /** Of V8 and of buffers when resident memory was highest. */
  readonly heap: string
}

const attackers = 5
const everyMs = 2
/** Events before anything counts: what code takes when it has run is no part of an attack. */
const warming = 20_000
const roundMs = 2000
const rounds = 5
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** `pauseMs`: how long an attacker whose connection has been ended waits before its next one. */
export async function measureUnderAttack(name: string, pauseMs: number): Promise<AttackFigures> {
  const replica = await Replica.start('grpc')
  const proxy = await startProxyProcess(grpcWire, [replica.port], { PROXY_MAX_IN_FLIGHT: '100000' })
  moveToProxyCore(proxy.pid)
  const sender = grpcSender(proxy.port)
  const child = startAttackers(proxy.port, name, pauseMs)
  const cpu = () => ({ proxy: cpuMicros(proxy.pid).ran, function: cpuMicros(replica.pid).ran })
  let connections = 0
  try {
    await once(child.stdout, 'data')
    child.stdout.on('data', (dots: Buffer) => {
      connections += dots.length
    })
    await warm(sender)
    await heapOf((each) => metric(proxy.adminPort, each))
    const calm: Round[] = []
    const attacked: Round[] = []
    const more = { proxy: 0, function: 0 }
    let [calmMiB, highestMiB, heap] = [0, 0, '']
    for (let round = 0; round < rounds; round += 1) {
      const begin = cpu()
      calm.push(await pace(sender, roundMs))
      const middle = cpu()
      if (round === 0) calmMiB = residentMiB(proxy.pid)
      child.stdin.write('\n')
      attacked.push(await pace(sender, roundMs))
      const end = cpu()
      for (const whose of ['proxy', 'function'] as const) more[whose] += end[whose] - 2 * middle[whose] + begin[whose]
      const nowMiB = residentMiB(proxy.pid)
      if (nowMiB > highestMiB) heap = await heapOf((each) => metric(proxy.adminPort, each))
      highestMiB = Math.max(highestMiB, nowMiB)
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
      ...{ proxyMsEach: more.proxy / 1000 / connections, functionMsEach: more.function / 1000 / connections },
      ...{ moreMiB: highestMiB - calmMiB, heap },
    }
  } finally {
    sender.close()
    proxy.kill()
    replica.kill()
    child.kill('SIGKILL')
  }
}

function startAttackers(port: number, name: string, pauseMs: number) {
  const program = fileURLToPath(new URL('attacker.ts', import.meta.url))
  const args = ['--import', 'tsx', program, String(port), name, String(attackers), String(pauseMs)]
  const whenIdle = existsSync('/usr/bin/chrt') ? ['chrt', '--idle', '0'] : []
  const [command = '', ...rest] = [...whenIdle, process.execPath, ...args]
  return spawn(command, rest, { stdio: ['pipe', 'pipe', 'inherit'] })
}

async function warm(sender: Sender): Promise<void> {
  let left = warming
  const lane = async () => {
    for (; left > 0; left -= 1) await sender.send(Buffer.from('id=0;'.padEnd(256, 'x')))
  }
  await Promise.all(Array.from({ length: 64 }, lane))
  await pause(1000)
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

// How long events of others take while attackers are at work. They are at work all the time: in calm on another proxy in front
// of the same function. So whatever they take of the machine and of the function is in both, and a ratio tells of the proxy.
// It has a core for itself. On the other one attackers and the other proxy run only while nobody else wants to.

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { moveToProxyCore } from '../bench/cores.ts'
import { cpuMicros, machineMicros, residentMiB } from '../bench/usage.ts'
import { percentile } from '../integration/crash/load.ts'
import { grpcWire } from '../support/grpc-wire.ts'
import { metric } from '../support/proxy.ts'
import { startProxyProcess } from '../support/proxy-process.ts'
import { heapOf } from './held.ts'
import { type Paced, pace, warm } from './pace.ts'
import { grpcSender } from './senders.ts'
import { Replica } from './soak.ts'

export interface AttackFigures {
  readonly name: string
  /** Two each, that count. */
  readonly rounds: number
  /** Of attackers: to the other proxy, and to the one that is measured. */
  readonly connections: readonly [number, number]
  readonly failed: number
  /** Milliseconds from sending an event to its answer, in calm and under attack, in the middle of all rounds. */
  readonly p50: readonly [number, number]
  readonly p99: readonly [number, number]
  /** Of the p99 of neighbours: in the middle of all, the least, and the most. */
  readonly ratio: readonly [number, number, number]
  /** CPU time of the proxy that one connection of an attacker costs, in milliseconds. */
  readonly proxyMsEach: number
  readonly moreMiB: number
  /** Of V8 and of buffers when resident memory was highest. */
  readonly heap: string
}

interface Round extends Paced {
  readonly cpuMs: number
  readonly connections: number
  readonly residentMiB: number
  /** Nobody else has worked on the machine. */
  readonly isQuiet: boolean
}

const attackers = 5
const roundMs = 2000
const rounds = 9
/** Two in which others work on the machine do not count, but quiet ones are not awaited for ever. */
const mostRounds = 36
/** What others may have of one core. */
const mostStrange = 0.1
/** In which attackers change over. */
const changeMs = 500
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** `pauseMs`: how long an attacker whose connection has been ended waits before its next one. */
export async function measureUnderAttack(name: string, pauseMs: number): Promise<AttackFigures> {
  const replica = await Replica.start('grpc')
  const start = () => startProxyProcess(grpcWire, [replica.port], { PROXY_MAX_IN_FLIGHT: '100000' })
  const [proxy, other] = [await start(), await start()]
  moveToProxyCore(proxy.pid)
  const sender = grpcSender(proxy.port)
  const child = startAttackers(name, pauseMs)
  if (mayWait) spawnSync('chrt', ['--idle', '--all-tasks', '--pid', '0', String(other.pid)])
  let made = 0
  const ours = [process.pid, proxy.pid, other.pid, replica.pid, child.pid as number]
  const usage = () => ({
    cpuMs: cpuMicros(proxy.pid).ran / 1000,
    strangeMs: ours.reduce((rest, pid) => rest - cpuMicros(pid).ran, machineMicros()) / 1000,
    made,
  })
  /** Events while attackers are at work on a port. */
  const roundOn = async (port: number): Promise<Round> => {
    child.stdin.write(`${port}\n`)
    await pause(changeMs)
    const before = usage()
    const paced = await pace(sender, roundMs)
    const after = usage()
    const memory = residentMiB(proxy.pid)
    child.stdin.write('0\n')
    await pause(changeMs)
    const isQuiet = after.strangeMs - before.strangeMs < mostStrange * roundMs
    const more = { cpuMs: after.cpuMs - before.cpuMs, connections: after.made - before.made }
    return { ...paced, ...more, residentMiB: memory, isQuiet }
  }
  try {
    await once(child.stdout, 'data')
    child.stdout.on('data', (dots: Buffer) => {
      made += dots.length
    })
    await warm(sender)
    await heapOf((each) => metric(proxy.adminPort, each))
    const calm: Round[] = []
    const attacked: Round[] = []
    let [calmMiB, highestMiB, heap] = [0, 0, '']
    for (let round = 0; round < mostRounds && calm.length < rounds; round += 1) {
      const first = await roundOn(other.port)
      if (round === 0) calmMiB = first.residentMiB
      // Memory is the same on a busy machine, so the first two tell of it in any case.
      else if (!first.isQuiet) continue
      const last = await roundOn(proxy.port)
      if (last.residentMiB > highestMiB) heap = await heapOf((each) => metric(proxy.adminPort, each))
      highestMiB = Math.max(highestMiB, last.residentMiB)
      if (!first.isQuiet || !last.isQuiet) continue
      calm.push(first)
      attacked.push(last)
    }
    return { name, ...compare(calm, attacked), moreMiB: highestMiB - calmMiB, heap }
  } finally {
    sender.close()
    for (const each of [proxy, other, replica]) each.kill()
    child.kill('SIGKILL')
  }
}

/** Processes can be told to run only while nobody else wants to. */
const mayWait = existsSync('/usr/bin/chrt')

function startAttackers(name: string, pauseMs: number) {
  const program = fileURLToPath(new URL('attacker.ts', import.meta.url))
  const attackAll = [process.execPath, '--import', 'tsx', program, name, String(attackers), String(pauseMs)]
  const [command = '', ...rest] = mayWait ? ['chrt', '--idle', '0', ...attackAll] : attackAll
  return spawn(command, rest, { stdio: ['pipe', 'pipe', 'inherit'] })
}

function compare(calm: readonly Round[], attacked: readonly Round[]) {
  const both = <Value>(of: (parts: readonly Round[]) => Value): [Value, Value] => [of(calm), of(attacked)]
  const sum = (of: (part: Round) => number) => both((parts) => parts.reduce((total, each) => total + of(each), 0))
  const middle = (part: number) =>
    both((parts) =>
      percentile(
        parts.map(({ tookMs }) => percentile(tookMs, part)),
        0.5,
      ),
    )
  const ratios = attacked.map(({ tookMs }, i) => percentile(tookMs, 0.99) / percentile((calm[i] as Round).tookMs, 0.99))
  const connections = sum((each) => each.connections)
  const [calmMs, attackedMs] = sum((each) => each.cpuMs)
  const [failed, failedToo] = sum((each) => each.failed)
  return {
    ...{ rounds: calm.length, connections, failed: failed + failedToo, p50: middle(0.5), p99: middle(0.99) },
    ratio: [percentile(ratios, 0.5), Math.min(...ratios), Math.max(...ratios)] as const,
    proxyMsEach: (attackedMs - calmMs) / connections[1],
  }
}

// Many events at a time through a proxy process: was each handled once, was each answer its own, what did it cost?

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Heard, Wire } from '../support/wire.ts'
import { cpuSeconds, residentMiB } from './cpu.ts'
import { eventOf, mustFail } from './ids.ts'
import { startProxyProcess } from './proxy-process.ts'

export interface Load {
  readonly events: number
  readonly concurrency: number
  readonly replicas: number
}

export interface Measured {
  readonly protocol: string
  readonly missing: number
  readonly doubled: number
  readonly wrongAnswers: number
  readonly failedAsKnown: number
  readonly shares: readonly number[]
  readonly eventsPerSecond: number
  readonly cpuMicrosPerEvent: number
  readonly idleMiB: number
  readonly loadedMiB: number
}

export async function measureEvents(wire: Wire, load: Load): Promise<Measured> {
  const functions = await Promise.all(Array.from({ length: load.replicas }, () => startFunction(wire)))
  const proxy = await startProxyProcess(
    wire.protocol,
    functions.map(({ port }) => port),
  )
  const sidecar = wire.connect(proxy.port)
  try {
    const idleMiB = residentMiB(proxy.pid)
    // Connections are open and the code is warm before anything is counted.
    for (let i = 0; i < 100; i += 1) await sidecar.binding(Buffer.from('-1 '))
    const before = cpuSeconds(proxy.pid)
    const startedMs = performance.now()
    const answers = await sendAll(load, (id) => sidecar.binding(eventOf(id)))
    const seconds = (performance.now() - startedMs) / 1000
    const cpu = cpuSeconds(proxy.pid) - before
    const seen = await Promise.all(functions.map(({ seen }) => seen()))
    return {
      protocol: wire.protocol,
      ...verdict(answers, seen.flat()),
      shares: seen.map((ids) => ids.length),
      eventsPerSecond: load.events / seconds,
      cpuMicrosPerEvent: (cpu / load.events) * 1e6,
      idleMiB,
      loadedMiB: residentMiB(proxy.pid),
    }
  } finally {
    sidecar.close()
    proxy.kill()
    for (const each of functions) each.child.kill()
  }
}

async function sendAll(load: Load, send: (id: number) => Promise<Heard>): Promise<Heard[]> {
  const answers: Heard[] = []
  let next = 0
  const lane = async () => {
    while (next < load.events) {
      const id = next
      next += 1
      answers[id] = await send(id)
    }
  }
  await Promise.all(Array.from({ length: load.concurrency }, lane))
  return answers
}

function verdict(answers: readonly Heard[], seen: readonly string[]) {
  const counts = new Map<string, number>()
  for (const id of seen) counts.set(id, (counts.get(id) ?? 0) + 1)
  const ids = [...answers.keys()]
  const count = (isSo: (id: number) => boolean): number => ids.filter(isSo).length
  const isOwn = (id: number): boolean => {
    const { text, data } = answers[id] as Heard
    return mustFail(id) ? text === `failed ${id}` : data.toString() === `did ${id}`
  }
  return {
    missing: count((id) => !counts.has(String(id))),
    doubled: count((id) => (counts.get(String(id)) ?? 0) > 1),
    wrongAnswers: count((id) => !isOwn(id)),
    failedAsKnown: count((id) => mustFail(id) && isOwn(id) && answers[id]?.outcome === 'error'),
  }
}

interface FunctionProcess {
  readonly child: ChildProcess
  readonly port: number
  readonly seen: () => Promise<string[]>
}

async function startFunction(wire: Wire): Promise<FunctionProcess> {
  const child = fork(fileURLToPath(new URL('function.ts', import.meta.url)), [wire.protocol], {
    execArgv: ['--import', 'tsx'],
  })
  const [{ port }] = (await once(child, 'message')) as [{ port: number }]
  return {
    child,
    port,
    async seen() {
      child.send('seen')
      const [message] = (await once(child, 'message')) as [{ seen: string[] }]
      return message.seen.filter((id) => id !== '-1')
    },
  }
}

// What the product promises, looked at event by event while many are under way: was each handled once, was each answer its own?

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Heard, Wire } from '../support/wire.ts'
import { startProxyProcess } from './contenders.ts'
import { eventOf, mustFail } from './ids.ts'

export interface Load {
  readonly events: number
  readonly concurrency: number
  readonly replicas: number
}

export interface Kept {
  readonly protocol: string
  readonly missing: number
  readonly doubled: number
  readonly wrongAnswers: number
  /** Events that the function failed, and whose failure was told as it was meant. */
  readonly failedAsKnown: number
  /** Events that each replica was given. */
  readonly shares: readonly number[]
  readonly isKept: boolean
}

export async function watchEvents(wire: Wire, load: Load): Promise<Kept> {
  const functions = await Promise.all(Array.from({ length: load.replicas }, () => startFunction(wire)))
  const proxy = await startProxyProcess(
    wire.protocol,
    functions.map(({ port }) => port),
  )
  const sidecar = wire.connect(proxy.port)
  try {
    const answers = await sendAll(load, (id) => sidecar.binding(eventOf(id)))
    const seen = await Promise.all(functions.map(({ seen }) => seen()))
    return { protocol: wire.protocol, ...verdict(answers, seen.flat()), shares: seen.map((ids) => ids.length) }
  } finally {
    sidecar.close()
    await proxy.kill()
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
  const missing = count((id) => !counts.has(String(id)))
  const doubled = count((id) => (counts.get(String(id)) ?? 0) > 1)
  const wrongAnswers = count((id) => !isOwn(id))
  const failedAsKnown = count((id) => mustFail(id) && isOwn(id) && answers[id]?.outcome === 'error')
  const isKept = missing + doubled + wrongAnswers === 0 && failedAsKnown === count(mustFail)
  return { missing, doubled, wrongAnswers, failedAsKnown, isKept }
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
      return message.seen
    },
  }
}

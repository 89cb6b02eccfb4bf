// Events with numbers, some at a time, until somebody says stop.

import type { Heard, Sidecar } from '../../support/wire.ts'

export interface Load {
  /** Numbers of the events that have no answer yet. */
  readonly unanswered: ReadonlySet<number>
  sent(): number
  /** Resolves once all that was sent is answered. */
  stop(): Promise<{ readonly answers: readonly Heard[]; readonly tookMs: readonly number[] }>
}

/** `pauseMs` between two events of one lane. */
export function startLoad(sidecar: Sidecar, lanes: number, pauseMs = 0): Load {
  const unanswered = new Set<number>()
  const answers: Heard[] = []
  const tookMs: number[] = []
  let next = 0
  let isStopped = false
  const lane = async () => {
    while (!isStopped) {
      const id = next
      next += 1
      unanswered.add(id)
      const startedMs = performance.now()
      answers[id] = await sidecar.binding(eventOf(id))
      tookMs[id] = performance.now() - startedMs
      unanswered.delete(id)
      if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
  }
  const running = Promise.all(Array.from({ length: lanes }, lane))
  return {
    unanswered,
    sent: () => next,
    async stop() {
      isStopped = true
      await running
      return { answers, tookMs }
    },
  }
}

/** Events that a sender has under way at most; daprd has 1,024 over HTTP. */
const mostUnderWay = 1000

/** So many events a second for so many seconds, whatever becomes of those before. Resolves once each has an answer. */
export async function sendSteadily(sidecar: Sidecar, perSecond: number, seconds: number): Promise<readonly Heard[]> {
  const answers: Promise<Heard>[] = []
  let underWay = 0
  const send = () => {
    underWay += 1
    const answer = sidecar.binding(eventOf(answers.length))
    answers.push(answer.finally(() => (underWay -= 1)))
  }
  const startedMs = performance.now()
  for (let passed = 0; passed < seconds; passed = (performance.now() - startedMs) / 1000) {
    while (answers.length < passed * perSecond && underWay < mostUnderWay) send()
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  return Promise.all(answers)
}

const eventOf = (id: number): Buffer => Buffer.from(`id=${id};`.padEnd(1024, 'x'))

export const percentile = (values: readonly number[], part: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * part)] ?? 0

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
      answers[id] = await sidecar.binding(Buffer.from(`id=${id};`.padEnd(1024, 'x')))
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

export const percentile = (values: readonly number[], part: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * part)] ?? 0

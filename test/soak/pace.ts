// Events at a steady pace, and how long each of them takes.

import type { Sender } from './senders.ts'

export interface Paced {
  /** From sending an event to its answer. */
  readonly tookMs: readonly number[]
  readonly failed: number
}

const everyMs = 2
/** What code takes when it has run is part of no measurement. */
const warming = 20_000
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const body = (id: number) => Buffer.from(`id=${id};`.padEnd(256, 'x'))

export async function warm(sender: Sender): Promise<void> {
  let left = warming
  const lane = async () => {
    for (; left > 0; left -= 1) await sender.send(body(0))
  }
  await Promise.all(Array.from({ length: 64 }, lane))
  await pause(1000)
}

/** An event each two milliseconds, whatever became of those before. */
export async function pace(sender: Sender, ms: number): Promise<Paced> {
  const tookMs: number[] = []
  let failed = 0
  const startedMs = performance.now()
  const sent: Promise<void>[] = []
  const send = async (id: number) => {
    const sentMs = performance.now()
    const answer = await sender.send(body(id))
    tookMs.push(performance.now() - sentMs)
    if (answer !== String(id)) failed += 1
  }
  for (let id = 0; id * everyMs < ms; id += 1) {
    const dueMs = startedMs + id * everyMs
    if (dueMs > performance.now()) await pause(dueMs - performance.now())
    sent.push(send(id))
  }
  await Promise.all(sent)
  return { tookMs, failed }
}

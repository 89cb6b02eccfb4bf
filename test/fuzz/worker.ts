// One target in a thread of its own, so that one that hangs can be ended. Loads its target after the coverage has begun.

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { parentPort, workerData } from 'node:worker_threads'
import { Coverage, type Reached, type Seen } from './coverage.ts'
import { fuzz } from './loop.ts'

export interface Order {
  readonly name: string
  /** Such as `/src/h1/`. */
  readonly folder: string
  readonly cases: number
  readonly seed: number
  /** The number of the case under way, the length of its input, and the input. */
  readonly shared: SharedArrayBuffer
}

export interface Progress {
  readonly done: number
  readonly kept: number
  readonly reached: Reached
  /** Bytes of the heap and of buffers after a full collection. */
  readonly heap: number
}

export interface Report extends Progress {
  readonly failure?: string
  readonly seen: ReadonlyMap<string, Seen>
}

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void
const everyMs = 5000

async function run({ name, folder, cases, seed, shared }: Order): Promise<Report> {
  const coverage = new Coverage(folder)
  const { targets } = await import('./targets.ts')
  const target = targets.find((each) => each.name === name)
  if (target === undefined) throw new Error(`no target ${name}`)
  const counter = new Int32Array(shared, 0, 2)
  const bytes = new Uint8Array(shared, 8)
  let progress: Progress = { done: 0, kept: 0, reached: coverage.reached(), heap: 0 }
  let toldMs = 0
  const look = async (done: number, kept: number) => {
    collect()
    // Buffers are given back by a thread of their own.
    await new Promise((resolve) => setTimeout(resolve, 100))
    collect()
    const { heapUsed, external } = process.memoryUsage()
    progress = { done, kept, reached: coverage.reached(), heap: heapUsed + external }
  }
  const options = {
    ...{ cases, seed, coverage },
    onCase(input: Buffer) {
      bytes.set(input)
      counter[1] = input.length
      Atomics.add(counter, 0, 1)
    },
    async onBatch(done: number, kept: number) {
      if (performance.now() - toldMs < everyMs && done < cases) return
      await look(done, kept)
      toldMs = performance.now()
      parentPort?.postMessage(progress)
    },
  }
  const failure = await fuzz(target, options).then(
    () => undefined,
    (error: Error) => error.message,
  )
  const report = { ...progress, seen: coverage.seen() }
  return failure === undefined ? report : { ...report, failure }
}

parentPort?.postMessage({ report: await run(workerData as Order) })

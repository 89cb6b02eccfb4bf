// Runs case after case. With coverage it keeps those that reach new code, and makes most others out of them.

import { Choices } from './choices.ts'
import type { Coverage } from './coverage.ts'
import { chance, mutate, type Random, randomBytes, shrink } from './mutate.ts'

export interface Target {
  readonly name: string
  readonly part: 'http' | 'http2'
  /** Throws if something is wrong. */
  readonly run: (choices: Choices) => void
}

export interface LoopOptions {
  readonly cases: number
  readonly seed: number
  readonly coverage?: Coverage
  /** Called before each case. */
  readonly onCase?: (input: Buffer) => void
  /** Called after each batch, when whoever waited for its end has gone on. */
  readonly onBatch?: (done: number, kept: number) => Promise<void>
}

/** Code that is counted is several times slower, so of each 100,000 cases the first 5,000 are watched; at the start more. */
const watchedFirst = 40_000
const watchedOf = { cases: 5000, each: 100_000 }
const isWatched = (done: number) => done < watchedFirst || done % watchedOf.each < watchedOf.cases

/** Cases between two looks at the coverage. */
const batchSize = 500
const mostRandomBytes = 240
const mostKept = 4000

/** Resolves to the cases that reached new code. Rejects with the smallest input that it finds to fail. */
export async function fuzz(target: Target, options: LoopOptions): Promise<readonly Buffer[]> {
  const { cases, coverage, onCase } = options
  const random = chance(options.seed)
  const kept: Buffer[] = []
  const run = (input: Buffer) => {
    onCase?.(input)
    try {
      target.run(new Choices(input))
    } catch (error) {
      throw failure(target, input, error)
    }
  }
  for (let done = 0; done < cases; ) {
    const batch = Array.from({ length: Math.min(batchSize, cases - done) }, () => next(kept, random))
    coverage?.watch(isWatched(done))
    for (const input of batch) run(input)
    const growth = isWatched(done) ? coverage?.look() : undefined
    done += batch.length
    if (coverage !== undefined && growth !== undefined) {
      keep(batch, { run, coverage, kept })
      // What has run by chance and not again is known from now on.
      coverage.add(growth)
    }
    await new Promise((resolve) => setImmediate(resolve))
    await options.onBatch?.(done, kept.length)
  }
  return kept
}

function next(kept: readonly Buffer[], random: Random): Buffer {
  if (kept.length === 0 || random() < 0.2) return randomBytes(random, mostRandomBytes)
  const any = () => kept[Math.floor(random() * kept.length)] as Buffer
  return mutate(any(), any(), random)
}

interface Keeping {
  readonly run: (input: Buffer) => void
  readonly coverage: Coverage
  readonly kept: Buffer[]
}

/** Keeps those of a batch that reach new code, found by halves. */
function keep(batch: readonly Buffer[], keeping: Keeping): void {
  const { run, coverage, kept } = keeping
  if (kept.length >= mostKept) return
  for (const input of batch) run(input)
  const growth = coverage.look()
  if (growth === undefined) return
  if (batch.length === 1) {
    coverage.add(growth)
    kept.push(batch[0] as Buffer)
    return
  }
  const half = batch.length >> 1
  keep(batch.slice(0, half), keeping)
  keep(batch.slice(half), keeping)
}

function failure({ name, run }: Target, input: Buffer, error: unknown): Error {
  const fails = (candidate: Buffer): boolean => {
    try {
      run(new Choices(candidate))
      return false
    } catch {
      return true
    }
  }
  // What fails once and not again is told as it is.
  const smallest = fails(input) ? shrink(input, fails) : input
  const cause = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return new Error(`${name} fails for the input ${smallest.toString('hex')}:\n${cause}`)
}

// Function replicas as processes of their own, and the ledger of all that they were given.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Wire } from '../../support/wire.ts'

const program = fileURLToPath(new URL('replica.mjs', import.meta.url))

export interface Run {
  /** Which life of which replica, as `port-number`. */
  readonly life: string
  readonly id: number
}

export class ReplicaProcess {
  readonly port: number
  readonly #command: readonly string[]
  #child: ChildProcess | undefined
  #lives = 0

  constructor(port: number, command: readonly string[]) {
    this.port = port
    this.#command = command
  }

  /** Not the pid, which comes again. */
  get life(): string {
    return `${this.port}-${this.#lives}`
  }

  isUp = false

  /** Resolves once it listens. */
  async start(): Promise<void> {
    this.#lives += 1
    const child = spawn(process.execPath, [program, ...this.#command, this.life], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#child = child
    await once(child.stdout as NodeJS.ReadableStream, 'data')
    this.isUp = true
  }

  /** Resolves once the process is no more. */
  async kill(): Promise<void> {
    const child = this.#child
    this.isUp = false
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }
}

export interface Replicas {
  readonly list: readonly ReplicaProcess[]
  readonly ports: readonly number[]
  /** Each event that a replica was given. */
  runs(): Run[]
  close(): Promise<void>
}

/**
 * A free port that the system does not give away by itself: between a kill and the next start nobody else may take it, and no
 * connection to it may meet itself.
 */
async function portOfOurs(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000)
    const server = createServer()
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true))
    })
    if (!isFree) continue
    await new Promise((resolve) => server.close(resolve))
    return port
  }
}

/** Milliseconds; or an error of its own (500, UNAVAILABLE) at once; or, at once, no answer but a reset of the connection. */
export type Work = number | 'fail' | 'reset'

/** `work` of each. */
export async function startReplicas(wire: Wire, work: readonly Work[]): Promise<Replicas> {
  const folder = mkdtempSync(join(tmpdir(), 'crash-'))
  const list = await Promise.all(
    work.map(async (each) => {
      const port = await portOfOurs()
      return new ReplicaProcess(port, [wire.protocol, String(port), folder, String(each)])
    }),
  )
  await Promise.all(list.map((replica) => replica.start()))
  return {
    list,
    ports: list.map(({ port }) => port),
    runs: () =>
      readdirSync(folder).flatMap((life) =>
        readFileSync(join(folder, life), 'utf8')
          .split('\n')
          .filter(Boolean)
          .map((id) => ({ life, id: Number(id) })),
      ),
    async close() {
      await Promise.all(list.map((replica) => replica.kill()))
      rmSync(folder, { recursive: true })
    },
  }
}

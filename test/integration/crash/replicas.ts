// Function replicas as processes of their own, and the ledger of all that they were given.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { unusedPort } from '../../support/proxy.ts'
import type { Wire } from '../../support/wire.ts'

const program = fileURLToPath(new URL('replica.mjs', import.meta.url))

export interface Run {
  readonly pid: number
  readonly id: number
}

export class ReplicaProcess {
  readonly port: number
  readonly #command: readonly string[]
  #child: ChildProcess | undefined

  constructor(port: number, command: readonly string[]) {
    this.port = port
    this.#command = command
  }

  get pid(): number {
    return this.#child?.pid as number
  }

  isUp = false

  /** Resolves once it listens. */
  async start(): Promise<void> {
    const child = spawn(process.execPath, [program, ...this.#command], { stdio: ['ignore', 'pipe', 'inherit'] })
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
  /** Each event that a replica was given, in order. */
  runs(): Run[]
  close(): Promise<void>
}

/** `work` of each: milliseconds, or `fail` for an answer that is an error, at once. */
export async function startReplicas(wire: Wire, work: readonly (number | 'fail')[]): Promise<Replicas> {
  const folder = mkdtempSync(join(tmpdir(), 'crash-'))
  const ledger = join(folder, 'ledger')
  const list = await Promise.all(
    work.map(async (each) => {
      const port = await unusedPort()
      return new ReplicaProcess(port, [wire.protocol, String(port), ledger, String(each)])
    }),
  )
  await Promise.all(list.map((replica) => replica.start()))
  return {
    list,
    ports: list.map(({ port }) => port),
    runs: () =>
      readFileSync(ledger, 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => {
          const [pid, id] = line.split(' ')
          return { pid: Number(pid), id: Number(id) }
        }),
    async close() {
      await Promise.all(list.map((replica) => replica.kill()))
      rmSync(folder, { recursive: true })
    },
  }
}

// One process of a run: started with its own environment, its output passed on line by line, stopped within bounds.

import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Env } from '../../shared/env.ts'

export interface Program {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly env: Env
  readonly cwd?: string
}

export interface RunningChild {
  readonly name: string
  /** Undefined if it could not be started. */
  readonly pid: number | undefined
  /** Resolves when the process has ended, to what there is to say about it; undefined if it was asked to stop. */
  readonly ended: Promise<string | undefined>
  hasEnded(): boolean
  /** SIGTERM, and SIGKILL if it still runs after that time. */
  stop(graceMs: number): Promise<void>
  kill(): void
}

// Loaded before a Node program's own code: ends it when the process that started it is gone, however that ended.
const tether = "process.on('disconnect', () => process.exit(1)); process.channel?.unref()"

/** Arguments for Node to run `script` so that it never outlives us. */
export const tethered = (script: string): string[] => [
  '--import',
  `data:text/javascript,${encodeURIComponent(tether)}`,
  '--enable-source-maps',
  script,
]

export function startChild(program: Program, log: (line: string) => void): RunningChild {
  const child = spawn(program.command, program.args, {
    env: { ...program.env },
    ...(program.cwd !== undefined && { cwd: program.cwd }),
    // A process group of its own: Ctrl-C on a terminal reaches us alone, and we stop everything in order.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  for (const stream of [child.stdout, child.stderr]) {
    if (stream) createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on('line', log)
  }
  let isAsked = false
  let isOver = false
  const ended = endOf(child).then((end) => {
    isOver = true
    return isAsked ? undefined : end
  })
  const signal = (name: NodeJS.Signals) => {
    isAsked = true
    child.kill(name)
  }
  return {
    name: program.name,
    pid: child.pid,
    ended,
    hasEnded: () => isOver,
    async stop(graceMs) {
      if (isOver) return
      signal('SIGTERM')
      const waiting = new AbortController()
      await Promise.race([ended, sleep(graceMs, undefined, { signal: waiting.signal }).catch(() => undefined)])
      waiting.abort()
      if (!isOver) signal('SIGKILL')
      await ended
    },
    kill: () => signal('SIGKILL'),
  }
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(`could not be started: ${error.message}`))
    child.once('exit', (code, signal) => resolve(signal ? `was ended by ${signal}` : `ended with exit code ${code}`))
  })
}

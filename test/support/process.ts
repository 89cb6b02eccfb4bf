// A process of the product, started from its built entry point.

import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { eventually } from './proxy.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

export interface Started {
  readonly child: ChildProcess
  /** Standard output and error so far. */
  output(): string
  /** The first record of the log with this message; fails if none comes. */
  record(message: string): Promise<Record<string, unknown>>
  readonly exit: Promise<number | null>
}

/** It sees no variable of ours but PATH. It is killed when the test is over. */
export function startProcess(entry: string, env: Record<string, string> = {}, args: readonly string[] = []): Started {
  const child = spawn(process.execPath, [`${root}/dist/${entry}`, ...args], { env: { PATH: process.env.PATH, ...env } })
  let output = ''
  const collect = (bytes: Buffer) => {
    output += bytes.toString()
  }
  child.stdout.on('data', collect)
  child.stderr.on('data', collect)
  const exit = new Promise<number | null>((resolve) => child.once('close', resolve))
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  const find = (message: string) => {
    const line = output.split('\n').find((each) => each.includes(`"message":"${message}"`))
    return line === undefined ? undefined : (JSON.parse(line) as Record<string, unknown>)
  }
  return {
    child,
    output: () => output,
    exit,
    async record(message) {
      await eventually(() => find(message) !== undefined || child.exitCode !== null, 10_000)
      const found = find(message)
      if (found === undefined) throw new Error(`no record "${message}" in:\n${output}`)
      return found
    },
  }
}

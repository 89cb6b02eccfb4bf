// One process of the rig: its output goes to a log file, its end can be awaited and forced.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { paths } from './paths.ts'

export interface Command {
  readonly file: string
  readonly args: readonly string[]
  /** The whole environment of the process; nothing is inherited. */
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
}

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface RigProcess {
  readonly name: string
  readonly pid: number
  readonly exited: Promise<Exit>
  isRunning(): boolean
  signal(signal: NodeJS.Signals): void
  /** SIGTERM, then SIGKILL after the grace time. */
  stop(graceMs: number): Promise<Exit>
}

const minimalEnv = { PATH: process.env.PATH ?? '/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root' }

/** Starts a process in a group of its own, so that what it starts ends with it. */
export function startProcess(name: string, command: Command): RigProcess {
  mkdirSync(paths.logs, { recursive: true })
  const log = openSync(`${paths.logs}/${name}.log`, 'a')
  const child = spawn(command.file, command.args, {
    env: { ...minimalEnv, ...command.env },
    stdio: ['ignore', log, log],
    detached: true,
    ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
  })
  closeSync(log)
  return track(name, child)
}

function track(name: string, child: ChildProcess): RigProcess {
  let running = true
  const exited = new Promise<Exit>((resolve) => {
    const end = (exit: Exit) => {
      running = false
      resolve(exit)
    }
    child.once('error', () => end({ code: 127, signal: null }))
    child.once('exit', (code, signal) => end({ code, signal }))
  })
  const pid = child.pid ?? -1
  const signal = (which: NodeJS.Signals) => {
    if (!running || pid < 0) return
    try {
      process.kill(-pid, which)
    } catch {
      // It ended between the check and the call.
    }
  }
  const stop = async (graceMs: number) => {
    signal('SIGTERM')
    const timer = setTimeout(() => signal('SIGKILL'), graceMs)
    // A stopped process does not take SIGTERM before it goes on.
    signal('SIGCONT')
    const exit = await exited
    clearTimeout(timer)
    return exit
  }
  return { name, pid, exited, isRunning: () => running, signal, stop }
}

/** Runs a command to its end and gives its output; a failure carries what it wrote. */
export function run(file: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { maxBuffer: 64 * 1024 * 1024, env: { ...process.env, ...minimalEnv } }
    execFile(file, args, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout)
      else reject(new Error(`${file} ${args.join(' ')}: ${stderr.trim() || error.message}`))
    })
  })
}

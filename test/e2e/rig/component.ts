// A long-running part of the rig that scenarios may kill, pause and start again under the same name.
import { type Command, type RigProcess, startProcess } from './process.ts'

export interface RigComponent {
  readonly name: string
  readonly pid: number
  start(): void
  stop(): Promise<void>
  kill(): Promise<void>
  signal(signal: NodeJS.Signals): void
  isRunning(): boolean
}

export function createComponent(name: string, command: Command): RigComponent {
  let current: RigProcess | undefined
  return {
    name,
    get pid() {
      return current?.pid ?? -1
    },
    start: () => {
      current = startProcess(name, command)
    },
    stop: async () => {
      await current?.stop(10_000)
    },
    kill: async () => {
      current?.signal('SIGKILL')
      await current?.exited
    },
    signal: (signal) => current?.signal(signal),
    isRunning: () => current?.isRunning() ?? false,
  }
}

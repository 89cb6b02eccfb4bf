// What a command sees of the process it runs in, so that only main.ts touches the process itself.

import type { Env } from '../shared/env.ts'

export interface Output {
  write(text: string): unknown
  /** True on a terminal, where text may be redrawn. */
  readonly isTTY?: boolean
  /** Width of the terminal in characters. */
  readonly columns?: number
}

export interface Edge {
  readonly env: Env
  /** The folder that relative paths start from. */
  readonly cwd: string
  /** The Node executable that child processes are started with. */
  readonly execPath: string
  readonly stdout: Output
  readonly stderr: Output
  on(event: 'SIGINT' | 'SIGTERM' | 'exit', listener: () => void): unknown
}

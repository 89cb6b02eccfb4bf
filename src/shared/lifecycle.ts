// Start parts in order; on a signal stop them in reverse.

import { ConfigurationError, exitWrongConfiguration } from './env.ts'
import { type Log, reason } from './log.ts'

/** Anything that runs until it is stopped. */
export interface Running {
  stop(): Promise<void>
}

/** The parts of a process that a `main.ts` hands in, so that nothing else needs to see it. */
export interface ProcessEdge {
  on(signal: 'SIGTERM' | 'SIGINT', listener: () => void): unknown
  exit(code: number): never
  readonly stderr: { write(text: string): unknown }
}

/**
 * Runs `start`, then waits for SIGTERM or SIGINT and stops. A second signal ends the process at once with code 1.
 * Exit codes: 0 stopped in order, 1 failed, 64 wrong configuration.
 */
export async function run(edge: ProcessEdge, log: Log, start: () => Promise<Running>): Promise<void> {
  let stopping = false
  let running: Running | undefined
  const stop = () => {
    if (stopping) edge.exit(1)
    stopping = true
    if (running === undefined) edge.exit(0)
    running.stop().then(
      () => edge.exit(0),
      (error: unknown) => {
        log.error('did not stop in order', { reason: reason(error) })
        edge.exit(1)
      },
    )
  }
  edge.on('SIGTERM', stop)
  edge.on('SIGINT', stop)
  try {
    running = await start()
  } catch (error) {
    edge.stderr.write(`${reason(error)}\n`)
    edge.exit(error instanceof ConfigurationError ? exitWrongConfiguration : 1)
  }
}

// Faults of the user's code: how they are logged, and what becomes of those that no event caught.

import { type Fields, type Log, reason } from '../shared/log.ts'

/** For the log of the function itself, where its author needs the line; no answer ever carries it. */
export function faultFields(error: unknown): Fields {
  return { reason: reason(error), stack: error instanceof Error ? error.stack : undefined }
}

export interface FaultEdge {
  on(event: 'unhandledRejection' | 'uncaughtException', listener: (error: unknown) => void): unknown
}

/**
 * A promise that was rejected and that nobody awaited harms no other event: it is logged, and the process goes on.
 * An exception thrown outside any event (in a timer, a stream) leaves an unknown state behind: it is logged, and
 * `crash` is called once, to finish what is in flight and end with code 1.
 */
export function watchFaults(edge: FaultEdge, log: Log, crash: () => void): void {
  edge.on('unhandledRejection', (error) => {
    log.error('the function left a rejected promise without await or catch', faultFields(error))
  })
  let crashed = false
  edge.on('uncaughtException', (error) => {
    log.error('the function threw outside of any event; the process ends', faultFields(error))
    if (!crashed) crash()
    crashed = true
  })
}

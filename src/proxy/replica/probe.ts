// Asks whether anybody takes connections at an address, and says nothing.

import type { Dial } from '../../dapr/dial.ts'
import { authority, type ReplicaAddress } from '../../dapr/replica.ts'
import { reason } from '../../shared/log.ts'
import type { Reached } from './health.ts'

/** In milliseconds (Knative's activator). */
const usualTimeoutMs = 300

export interface ProbeOptions {
  readonly dial: Dial
  readonly timeoutMs?: number
  /** Told of a replica that takes the connection, but without the handshake that `dial` wants. */
  readonly onNoHandshake?: (replica: string, cause: string) => void
}

/** What it returns connects and hangs up, and never rejects. */
export function createProbe({ dial, timeoutMs = usualTimeoutMs, onNoHandshake }: ProbeOptions) {
  return (address: ReplicaAddress): Promise<Reached> =>
    new Promise((resolve) => {
      let isOver = false
      let missed: Reached = 'silent'
      const finish = (reached: Reached, cause = '') => {
        if (isOver) return
        isOver = true
        clearTimeout(tooLate)
        socket.destroy()
        if (reached === 'no-handshake') onNoHandshake?.(authority(address), cause)
        resolve(reached)
      }
      const socket = dial(address, { onConnected: () => finish('accepted') })
      // When this process itself was late, the answer may be waiting to be read: timers run before sockets.
      const tooLate = setTimeout(() => setImmediate(() => finish(missed, 'not connected in time')), timeoutMs)
      socket.once('connect', () => {
        missed = 'no-handshake'
      })
      socket.on('error', (error: NodeJS.ErrnoException) =>
        finish(error.code === 'ECONNREFUSED' ? 'refused' : missed, reason(error)),
      )
    })
}

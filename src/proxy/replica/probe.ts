// Asks whether anybody takes connections at an address, and says nothing.

import { connect } from 'node:net'
import type { ReplicaAddress } from '../../dapr/replica.ts'
import type { Reached } from './health.ts'

/** In milliseconds (Knative's activator). */
const probeTimeoutMs = 300

/** Connects and hangs up. Never rejects. */
export function probeByConnecting({ host, port }: ReplicaAddress): Promise<Reached> {
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    const finish = (reached: Reached) => {
      clearTimeout(tooLate)
      socket.destroy()
      resolve(reached)
    }
    // When this process itself was late, the answer may be waiting to be read: timers run before sockets.
    const tooLate = setTimeout(() => setImmediate(finish, 'silent'), probeTimeoutMs)
    socket.once('connect', () => finish('accepted'))
    socket.on('error', (error: NodeJS.ErrnoException) => finish(error.code === 'ECONNREFUSED' ? 'refused' : 'silent'))
  })
}

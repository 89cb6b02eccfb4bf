// A connection to a replica, given up in time.

import { connect, type OnReadOpts, type Socket } from 'node:net'
import { connectTimeoutMs, type ReplicaAddress } from './replica.ts'

/** The socket fails if it is not connected within the connect timeout. Libraries count that time coarsely, or not at all. */
export function dial({ host, port }: ReplicaAddress, onread?: OnReadOpts): Socket {
  // Keep-alive finds a vanished peer when nothing is under way; a PING of HTTP/2 would be an attack to some servers (grpc-go).
  const socket = connect({
    host,
    port,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: 10_000,
    ...(onread && { onread }),
  })
  const giveUp = () => {
    if (socket.connecting) socket.destroy(new Error('not connected in time'))
  }
  // When this process itself was late, the answer may be waiting to be read: timers run before sockets.
  const tooLate = setTimeout(() => setImmediate(giveUp), connectTimeoutMs)
  const settled = () => clearTimeout(tooLate)
  return socket.once('connect', settled).once('close', settled)
}

// A connection to a replica, given up in time.

import { connect, type OnReadOpts, type Socket } from 'node:net'
import { connectTimeoutMs, type ReplicaAddress } from './replica.ts'

export interface Dialling {
  /** Where what is read lands. */
  readonly onread?: OnReadOpts
  /** Called once: the replica is there, and what is written now goes to it. */
  readonly onConnected?: () => void
}

/** Begins a connection. The socket fails if it is not connected within the connect timeout. */
export type Dial = (address: ReplicaAddress, dialling?: Dialling) => Socket

/** How replicas are reached. */
export interface Way {
  readonly dial: Dial
  /** What requests say of it, where daprd is spoken to in another way; absent where they say it already. */
  readonly scheme?: 'http' | 'https'
}

// Keep-alive finds a vanished peer when nothing is under way; a PING of HTTP/2 would be an attack to some servers (grpc-go).
export const keepAliveDelayMs = 10_000

/** In plain text. */
export const dialPlain: Dial = ({ host, port }, { onread, onConnected } = {}) => {
  const socket = connect({
    host,
    port,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: keepAliveDelayMs,
    ...(onread && { onread }),
  })
  return socket.once('connect', inTime(socket, onConnected))
}

export const plainWay: Way = { dial: dialPlain }

/** Gives the socket up unless what it returns is called within the connect timeout: libraries count that time coarsely, or not at all. */
export function inTime(socket: Socket, onConnected: (() => void) | undefined): () => void {
  let isConnected = false
  const giveUp = () => {
    if (!isConnected) socket.destroy(new Error('not connected in time'))
  }
  // When this process itself was late, the answer may be waiting to be read: timers run before sockets.
  const tooLate = setTimeout(() => setImmediate(giveUp), connectTimeoutMs)
  socket.once('close', () => clearTimeout(tooLate))
  return () => {
    isConnected = true
    clearTimeout(tooLate)
    onConnected?.()
  }
}

// A connection on a socket, with the times that a peer has to take part.

import type { Socket } from 'node:net'
import type { Budget } from './byte-queue.ts'
import { Connection, type ConnectionOwner } from './connection.ts'

export interface SocketOptions {
  readonly role: 'client' | 'server'
  readonly owner: ConnectionOwner
  readonly budget: Budget
  /** As for a connection. */
  readonly lastStreamId?: number
}

/** From the connection until the first SETTINGS of a client, in milliseconds. An idle connection may last for ever. */
const greetingMs = 10_000

/** In which a peer has to take something of what it is sent, in milliseconds. */
const stallMs = 60_000

/** In which a peer may read our last words, in milliseconds. */
const lingerMs = 1000

/** The socket is the connection's from now on. */
export function connectionOn(socket: Socket, options: SocketOptions): Connection {
  const { role } = options
  let cause = 'the connection closed'
  let stalled: NodeJS.Timeout | undefined
  const giveUp = (ms: number, why: string) => setTimeout(() => socket.destroy(new Error(why)), ms).unref()

  const transport = {
    write(bytes: Buffer): boolean {
      const isTaken = socket.write(bytes) || socket.writableLength === 0
      if (!isTaken) stalled ??= giveUp(stallMs, 'the peer reads nothing')
      return isTaken
    },
    get writableLength() {
      return socket.writableLength
    },
    end() {
      socket.end()
      giveUp(lingerMs, 'the peer does not close')
    },
    cut() {
      socket.pause()
      this.end()
    },
  }
  const schedule = (flush: () => void) => setImmediate(flush)
  const connection = new Connection({ ...options, transport, schedule, now: () => performance.now() })

  socket.setNoDelay(true)
  socket.on('data', (chunk: Buffer) => connection.receive(chunk))
  socket.on('drain', () => {
    clearTimeout(stalled)
    stalled = undefined
    connection.drained()
  })
  socket.on('error', (error) => {
    cause = error.message
  })
  socket.on('close', () => {
    clearTimeout(stalled)
    connection.lost(cause)
  })
  if (role === 'server') {
    setTimeout(() => {
      if (!connection.isReady) socket.destroy()
    }, greetingMs).unref()
  }
  return connection
}

// A connection on a socket, with the times that a peer has to take part.

import type { OnReadOpts, Socket } from 'node:net'
import { viewsOf } from '../net/landing.ts'
import type { Budget } from './byte-queue.ts'
import { Connection, type ConnectionOwner } from './connection.ts'
import { receivingInPortions } from './portions.ts'

interface SocketOptions {
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

/**
 * Where all that is read lands. A connection keeps nothing of it, so it is the same for all, and no read costs memory
 * (`onread` of node:net).
 */
const landing = Buffer.allocUnsafeSlow(64 * 1024)

/** Outputs that go out at the end of this turn, all of them in one go. */
let due: (() => void)[] = []

function schedule(flush: () => void): void {
  if (due.length === 0) setImmediate(flushAll)
  due.push(flush)
}

function flushAll(): void {
  const now = due
  due = []
  for (const flush of now) flush()
}

/** `dial` begins a connection that reads by `onread`. */
export function connectionTo(
  dial: (onread: OnReadOpts) => Socket,
  options: Omit<SocketOptions, 'role'>,
): { readonly socket: Socket; readonly connection: Connection } {
  const view = viewsOf(landing)
  const callback = (length: number) => {
    connection.receive(view(length))
    return true
  }
  const socket = dial({ buffer: landing, callback })
  const connection = join(socket, { ...options, role: 'client' })
  return { socket, connection }
}

/** The socket of a client of ours is the connection's from now on. */
export function connectionOn(accepted: Socket, options: Omit<SocketOptions, 'role'>): Connection {
  const socket = receivingInPortions(accepted, landing, () => connection)
  const connection = join(socket, { ...options, role: 'server' })
  setTimeout(() => {
    if (!connection.isReady) socket.destroy()
  }, greetingMs).unref()
  return connection
}

function join(socket: Socket, options: SocketOptions): Connection {
  let cause = 'the connection closed'
  let stalled: NodeJS.Timeout | undefined
  const giveUp = (ms: number, why: string) => setTimeout(() => socket.destroy(new Error(why)), ms).unref()

  // TLS never takes bytes at once, so it has to tell when it has; a plain socket nearly always does.
  const isEncrypted = 'encrypted' in socket
  const onTaken = () => {
    if (socket.writableLength === 0) connection.drained()
  }

  const transport = {
    write(bytes: Buffer): boolean {
      const isTaken = (isEncrypted ? socket.write(bytes, onTaken) : socket.write(bytes)) || socket.writableLength === 0
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
  const connection = new Connection({ ...options, transport, schedule, now: () => performance.now() })

  socket.setNoDelay(true)
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
  return connection
}

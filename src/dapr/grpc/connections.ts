// The connections to one replica: opened on demand, a few at most, replaced when they end.

import type { Socket } from 'node:net'
import type { Connection } from '../../h2/connection.ts'
import { connectionTo } from '../../h2/socket.ts'
import { reason } from '../../shared/log.ts'
import { type Dial, dialPlain } from '../dial.ts'
import { connectTimeoutMs, type ReplicaAddress } from '../replica.ts'
import { unlimitedMemory } from '../server.ts'
import type { Exchange } from './exchange.ts'

/** One carries as many calls as the replica allows; another one is opened only beyond that. */
const mostConnections = 4

/** A call waits so long for a place among those that the replica takes at a time, in milliseconds. */
const placeTimeoutMs = 1000

/** Between two attempts to connect, in milliseconds: doubled each time, with jitter. Calls meanwhile go elsewhere. */
const firstPauseMs = 10
const longestPauseMs = 200

export interface ConnectionsOptions {
  readonly address: ReplicaAddress
  readonly now: () => number
  /** Default: in plain text. */
  readonly dial?: Dial
  /** A connection has ended, or could not be made: whatever listens there next may be a new start. */
  readonly onLost: () => void
  /** The last id of a stream on one connection. Default: that of the engine. */
  readonly lastStreamId?: number
}

interface Waiting {
  readonly exchange: Exchange
  readonly sinceMs: number
}

export class Connections {
  readonly #options: ConnectionsOptions
  readonly #open: Connection[] = []
  readonly #sockets = new Set<Socket>()
  #waiting: Waiting[] = []
  #waitTimer: NodeJS.Timeout | undefined
  #isDialling = false
  #isClosed = false
  #pauseMs = firstPauseMs
  #pausedUntilMs = 0
  #lastCause = ''

  constructor(options: ConnectionsOptions) {
    this.#options = options
  }

  /** Starts the exchange as soon as a connection has room for it, or tells it that the request never left. */
  place(exchange: Exchange): void {
    if (exchange.isOver) return
    const connection = this.#waiting.length === 0 ? this.#withRoom() : undefined
    if (connection !== undefined) exchange.start(connection)
    else if (this.#isClosed) exchange.notRun('the replica has left')
    else if (this.#open.length === 0 && !this.#mayDial()) exchange.notRun(this.#lastCause)
    else this.#wait(exchange)
  }

  #wait(exchange: Exchange): void {
    this.#waiting.push({ exchange, sinceMs: this.#options.now() })
    this.#waitTimer ??= setTimeout(() => this.#sweep(), placeTimeoutMs)
    if (this.#mayDial()) this.#dial()
  }

  /** No new call; those under way finish first. */
  close(): void {
    this.#isClosed = true
    for (const connection of [...this.#open]) connection.leave()
    this.#giveUp('the replica has left')
  }

  /** Cuts every connection, one that is closing in order as well. */
  abandon(cause: string): void {
    for (const socket of [...this.#sockets]) socket.destroy(new Error(cause))
  }

  #withRoom(): Connection | undefined {
    for (const connection of this.#open) if (connection.hasRoom) return connection
    return undefined
  }

  #mayDial(): boolean {
    const isWanted = !this.#isDialling && !this.#isClosed && this.#open.length < mostConnections
    return isWanted && this.#options.now() >= this.#pausedUntilMs
  }

  #dial(): void {
    this.#isDialling = true
    const { socket, connection } = this.#connectionTo(() => clearTimeout(tooLate))
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    // A peer that takes the connection and says nothing, like a process that is stopped, is not connected either.
    const tooLate = setTimeout(() => socket.destroy(new Error('it does not speak in time')), connectTimeoutMs)
    socket.once('error', (error) => {
      this.#lastCause = reason(error)
    })
    this.#open.push(connection)
  }

  #connectionTo(onSettled: () => void): { readonly socket: Socket; readonly connection: Connection } {
    let wasReady = false
    const { address, dial = dialPlain } = this.#options
    const { socket, connection } = connectionTo((onread) => dial(address, { onread }), {
      // What a request has waiting is in the queue of its message, and counted there.
      budget: unlimitedMemory,
      ...(this.#options.lastStreamId !== undefined && { lastStreamId: this.#options.lastStreamId }),
      owner: {
        accept() {},
        changed: () => {
          if (connection.isReady && !wasReady) {
            wasReady = true
            onSettled()
            this.#isDialling = false
            this.#pauseMs = firstPauseMs
          }
          if (connection.isSpent) this.#retire(connection)
          if (this.#waiting.length > 0) this.#serve()
        },
        closed: (cause) => {
          onSettled()
          this.#remove(connection)
          this.#options.onLost()
          if (wasReady) this.#serve()
          else this.#failed(cause)
        },
      },
    })
    return { socket, connection }
  }

  /** Its calls finish, and then it ends. */
  #retire(connection: Connection): void {
    this.#remove(connection)
    connection.leave()
  }

  #remove(connection: Connection): void {
    const at = this.#open.indexOf(connection)
    if (at >= 0) this.#open.splice(at, 1)
  }

  #failed(cause: string): void {
    this.#isDialling = false
    this.#lastCause = cause
    this.#pausedUntilMs = this.#options.now() + this.#pauseMs * (0.5 + Math.random() / 2)
    this.#pauseMs = Math.min(2 * this.#pauseMs, longestPauseMs)
    if (this.#open.length === 0) this.#giveUp(cause)
  }

  #serve(): void {
    while (this.#waiting.length > 0) {
      const connection = this.#withRoom()
      if (connection === undefined) break
      const { exchange } = this.#waiting.shift() as Waiting
      if (!exchange.isOver) exchange.start(connection)
    }
    if (this.#waiting.length > 0 && this.#mayDial()) this.#dial()
  }

  /** Whoever has waited too long is told to try elsewhere. */
  #sweep(): void {
    this.#waitTimer = undefined
    const latestMs = this.#options.now() - placeTimeoutMs
    const late = this.#waiting.filter(({ sinceMs }) => sinceMs <= latestMs)
    this.#waiting = this.#waiting.filter(({ exchange, sinceMs }) => sinceMs > latestMs && !exchange.isOver)
    const oldest = this.#waiting[0]
    if (oldest) this.#waitTimer = setTimeout(() => this.#sweep(), Math.max(1, oldest.sinceMs - latestMs))
    for (const { exchange } of late) exchange.notRun('it takes no more calls at a time')
  }

  #giveUp(cause: string): void {
    clearTimeout(this.#waitTimer)
    this.#waitTimer = undefined
    const waiting = this.#waiting
    this.#waiting = []
    for (const { exchange } of waiting) exchange.notRun(cause)
  }
}

// A client of one server over HTTP/1.1 that keeps its connections.

import { performance } from 'node:perf_hooks'
import type { Call, Request, ResponseEvents } from './call.ts'
import { ClientConnection, type Dial } from './client-connection.ts'

export interface ClientOptions {
  readonly dial: Dial
  /** Bytes of the head of a response. */
  readonly maxHeadBytes: number
  /** The last connection is gone, and it was not we who closed it. */
  readonly onDeserted?: () => void
}

export interface H1Client {
  request(request: Request, events: ResponseEvents): Call
  /** Closes idle connections at once, the others when their response is complete. */
  close(): void
  /** Cuts every connection: what is in flight fails by this error. */
  abandon(error: Error): void
}

/** How often it looks for connections that have been idle too long, in milliseconds. */
const sweepEveryMs = 1000

export function createH1Client({ dial, maxHeadBytes, onDeserted }: ClientOptions): H1Client {
  let idle: ClientConnection[] = []
  const open = new Set<ClientConnection>()
  let isClosed = false
  let sweeping: NodeJS.Timeout | undefined

  const sweep = () => {
    sweeping = undefined
    const nowMs = performance.now()
    const expired = idle.filter(({ untilMs }) => untilMs <= nowMs)
    idle = idle.filter(({ untilMs }) => untilMs > nowMs)
    for (const connection of expired) connection.destroy()
    sweepLater()
  }

  const sweepLater = () => {
    if (idle.length > 0) sweeping ??= setTimeout(sweep, sweepEveryMs).unref()
  }

  const owner = {
    idle(connection: ClientConnection) {
      if (isClosed || connection.untilMs <= performance.now()) return connection.destroy()
      idle.push(connection)
      sweepLater()
    },
    closed(connection: ClientConnection, isDeserted: boolean) {
      idle = idle.filter((each) => each !== connection)
      open.delete(connection)
      if (open.size === 0 && isDeserted) onDeserted?.()
    },
  }

  /** The one that was used last is the likeliest to be alive. */
  const take = (): ClientConnection | undefined => {
    const nowMs = performance.now()
    for (let last = idle.pop(); last !== undefined; last = idle.pop()) {
      if (last.untilMs > nowMs && last.isAlive) return last
      last.destroy()
    }
    return undefined
  }

  const connect = (): ClientConnection => {
    const connection = new ClientConnection(dial, maxHeadBytes, owner)
    open.add(connection)
    return connection
  }

  return {
    request(request, events) {
      const connection = take() ?? connect()
      connection.start(request, events)
      return connection
    },
    close() {
      isClosed = true
      clearTimeout(sweeping)
      const unused = idle
      idle = []
      for (const connection of unused) connection.destroy()
    },
    abandon(error) {
      for (const connection of open) connection.abort(error)
    },
  }
}

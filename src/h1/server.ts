// A server of HTTP/1.1 that knows no routes.

import {
  type AddressInfo,
  createServer as createPlainServer,
  type Server,
  type ServerOpts,
  type Socket,
} from 'node:net'
import { type ConnectionLimits, type RequestHandler, ServerConnection } from './server-connection.ts'

export interface ServerLimits extends ConnectionLimits {
  /** Connections at one time; more are closed as they come. */
  readonly maxConnections: number
}

/** Makes what listens: as node:net does, or in place of it, over TLS. */
export type CreateServer = (options: ServerOpts, onConnection: (socket: Socket) => void) => Server

export interface H1Server {
  /** Resolves to the port once it listens. Port 0 takes any free one; without a host it is open on all addresses. */
  listen(port: number, host?: string): Promise<number>
  /** Connections that are open now. */
  connections(): number
  /** Stops listening and cuts every connection. */
  close(): Promise<void>
}

/** How often it looks for what takes too long, in milliseconds. */
const sweepEveryMs = 1000

/** `createServer` makes what listens. */
export function createH1Server(
  limits: ServerLimits,
  handler: RequestHandler,
  createServer: CreateServer = createPlainServer,
): H1Server {
  const open = new Set<ServerConnection>()
  // A sender may close its side and still wait for its response.
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const connection = new ServerConnection(socket, limits, handler)
    open.add(connection)
    socket.once('close', () => open.delete(connection))
  })
  server.maxConnections = limits.maxConnections
  let sweeping: NodeJS.Timeout | undefined
  const sweep = () => {
    const nowMs = performance.now()
    for (const connection of open) connection.sweep(nowMs)
  }
  return {
    listen: (port, host) =>
      new Promise((resolve, reject) => {
        // Once it listens this changes nothing; a connection that could not be accepted is no reason to end.
        server.on('error', reject)
        // A sender may open all of them in one moment, and the kernel keeps no more than it is told (Node: 511).
        const options = { port, backlog: limits.maxConnections, ...(host !== undefined && { host }) }
        server.listen(options, () => {
          sweeping = setInterval(sweep, sweepEveryMs).unref()
          resolve((server.address() as AddressInfo).port)
        })
      }),
    connections: () => open.size,
    close: () =>
      new Promise((resolve) => {
        clearInterval(sweeping)
        server.close(() => resolve())
        for (const connection of open) connection.destroy()
      }),
  }
}

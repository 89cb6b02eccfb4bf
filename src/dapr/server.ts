// What both servers of the app channel have in common, so that whoever starts one need not know the protocol.

import type { CreateServer } from '../h1/server.ts'
import type { AppToken } from './app-token.ts'
import type { EventHandler, Refusal, Route } from './event.ts'
import type { Inputs } from './inputs.ts'

export interface AppServerOptions<Message> {
  /** What daprd is told when it asks. Without them every question of daprd goes to the handler, as an `invoke` event. */
  readonly inputs?: Inputs
  readonly handler: EventHandler<Message>
  /** The answer to daprd's health check. */
  readonly isHealthy: () => boolean
  /** Bytes of one event; a larger one is refused. */
  readonly maxEventBytes: number
  readonly memory: Memory
  /** What daprd has to bring with each event and invocation. Without it, whatever daprd brings goes on as it came. */
  readonly appToken?: AppToken
  /** Told of each event that the server itself gives back: it is too large, there is no room for it, or it has no token. */
  readonly onRefused?: (route: Route, refusal: Refusal) => void
  /** Makes what listens. Default: that of node:net, which is plain text. */
  readonly createServer?: CreateServer
}

export type { CreateServer }

/** What all buffered events together may take. */
export interface Memory {
  /** False if there is no room for that many bytes; nothing is taken then. */
  take(bytes: number): boolean
  give(bytes: number): void
}

export interface AppServer {
  /** Resolves to the port once it listens. Port 0 takes any free one. */
  listen(port: number, host: string): Promise<number>
  /** Connections that are open now. */
  connections(): number
  /** Stops listening and cuts every connection. */
  close(): Promise<void>
}

export const unlimitedMemory: Memory = { take: () => true, give: () => {} }

/**
 * Bytes of one event by default: the 4 MiB that daprd's API takes, grown by a third if they are binary and travel
 * as base64 inside a CloudEvent, and room for the envelope.
 */
export const defaultMaxEventBytes = 6 * 1024 * 1024

// The two ends of a proxy as a test sees them, whatever the protocol: a function replica, and a sidecar.

import type { Certificate } from './certificate.ts'

/** What a function was given. */
export interface Seen {
  readonly kind: 'topic' | 'binding' | 'invoke'
  readonly data: Buffer
  /** Metadata by lower-case name. */
  readonly metadata: Readonly<Record<string, string>>
  /** Aborted when the caller gave up. */
  readonly cancelled: AbortSignal
}

/** What a function does with it: one of Dapr's three answers, an error of its own, or nothing but a broken connection. */
export type Behaviour =
  | { readonly status: 'SUCCESS' | 'RETRY' | 'DROP'; readonly data?: Buffer }
  | { readonly error: string }
  | 'no-such-route'
  | 'break'

export interface FunctionReplica {
  readonly port: number
  /** Stops listening and cuts all connections, as a kill does. */
  kill(): Promise<void>
}

export type Handle = (seen: Seen) => Behaviour | Promise<Behaviour>

/** What the sidecar makes of an answer, as daprd would. */
export interface Heard {
  readonly outcome: 'success' | 'retry' | 'drop' | 'error'
  /** HTTP status or name of the gRPC status. */
  readonly code: string
  readonly data: Buffer
  /** The error text as it arrived. */
  readonly text: string
}

export interface SendOptions {
  readonly metadata?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
  readonly deadlineMs?: number
  /** What an event of a topic says of itself. */
  readonly event?: CloudEvent
}

/** Attributes of a CloudEvent. `key` is its `partitionkey`. */
export interface CloudEvent {
  readonly id: string
  readonly source?: string
  readonly key?: string
}

export interface Sidecar {
  topic(data: Buffer, options?: SendOptions): Promise<Heard>
  binding(data: Buffer, options?: SendOptions): Promise<Heard>
  /** Service invocation, of a method `greet`. */
  invoke(data: Buffer, options?: SendOptions): Promise<Heard>
  isHealthy(): Promise<boolean>
  /** `pubsub/topic` and names of bindings that the app wants. */
  discover(): Promise<{ readonly topics: readonly string[]; readonly bindings: readonly string[] }>
  close(): void
}

/** How each protocol says it: what a case expects is named once, here. */
export interface Codes {
  readonly unavailable: string
  readonly tooLarge: string
  readonly missingRoute: string
  readonly functionError: string
  readonly unauthenticated: string
}

export interface Wire {
  readonly protocol: 'http' | 'grpc'
  /** What else the proxy is told of it. */
  readonly env?: Readonly<Record<string, string>>
  /** Events that all come at once, and how many of them one of three replicas gets in any case. Default 500, and 100. */
  readonly burst?: { readonly events: number; readonly leastShare: number }
  readonly codes: Codes
  /** Over TLS with a certificate. */
  startFunction(handle: Handle, port?: number, tls?: Certificate): Promise<FunctionReplica>
  /** Over TLS with the authority that the other end must be of. */
  connect(port: number, ca?: string): Sidecar
}

export const pubsub = 'bus'
export const topic = 'orders'
export const binding = 'cron'
export const method = 'greet'

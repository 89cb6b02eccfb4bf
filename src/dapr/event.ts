// The neutral middle: an event, the one function type that handles it, and what can come of it.

/** What an event is about. The names come from FUNC_CONTEXT or from a fixed list, never from a request, so they may label a metric. */
export interface Route {
  readonly kind: RouteKind
  /** `component/topic` of a topic, the component of a binding, else empty. */
  readonly name: string
  /** The pub/sub component and the topic, for a topic that the Function declares. */
  readonly pubsub?: string
  readonly topic?: string
}

/** `invoke` is all that is not an event of a component: service invocation, jobs, configuration, actors. */
export type RouteKind = 'topic' | 'binding' | 'invoke'

/** One event. `Message` is what the protocol carries (HTTP or gRPC); the core never looks into it. */
export interface Event<Message> {
  readonly route: Route
  readonly message: Message
  /** When the sender stops waiting, in milliseconds of `performance.now()`; absent if it never does. */
  readonly deadlineMs?: number
  /** Aborted when the sender has gone away. */
  readonly signal: AbortSignal
}

/** What the function said, for metrics and balancing. The answer itself passes through as it is. */
export type Verdict = 'success' | 'retry' | 'drop' | 'failed'

/** Why the proxy gave an event back without an answer of the function. */
export type Refusal =
  | 'no-replica' // none appeared within the hold timeout
  | 'held-full' // PROXY_MAX_HELD or PROXY_MAX_HELD_BYTES is reached
  | 'deadline' // the sender's own deadline came first
  | 'cancelled' // the sender has gone away
  | 'too-large' // the event is above the size limit

export type Outcome<Reply> =
  | { readonly kind: 'answered'; readonly reply: Reply; readonly verdict: Verdict }
  /** The function certainly did not run: refused, unreachable, not connected in time, or still booting. */
  | { readonly kind: 'not-run'; readonly cause: string }
  /** The connection broke after the request was sent: nobody knows whether the function ran. */
  | { readonly kind: 'broken'; readonly cause: string }
  | { readonly kind: 'refused'; readonly refusal: Refusal }

/** What to tell whoever sent an event that came to nothing. */
export function explain(outcome: Exclude<Outcome<never>, { kind: 'answered' }>): string {
  switch (outcome.kind) {
    case 'broken':
      return `the connection to the function broke before its answer: ${outcome.cause}`
    case 'not-run':
      return `the function cannot be reached: ${outcome.cause}`
    case 'refused':
      return refusalText[outcome.refusal]
  }
}

const refusalText: Readonly<Record<Refusal, string>> = {
  'no-replica': 'no replica of the function became reachable in time',
  'held-full': 'too many events are waiting for a replica',
  deadline: 'no replica of the function became reachable before the deadline',
  cancelled: 'the sender has gone away',
  'too-large': 'the event is larger than the limit',
}

/** A server of the app channel calls one, a client for one replica is one, the proxy is a stack of them. Never rejects. */
export type EventHandler<Message, Reply> = (event: Event<Message>) => Promise<Outcome<Reply>>

/** A client of one replica. */
export interface ReplicaClient<Message, Reply> {
  readonly send: EventHandler<Message, Reply>
  /** Closes idle connections; what is in flight finishes first. */
  close(): void
}

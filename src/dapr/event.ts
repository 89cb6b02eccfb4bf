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

/**
 * One event. `Message` is what the protocol carries (HTTP or gRPC) together with the way back for the answer; the core
 * never looks into it.
 */
export interface Event<Message> {
  readonly route: Route
  readonly message: Message
  /** When the sender stops waiting, in milliseconds of `performance.now()`; absent if it never does. */
  readonly deadlineMs?: number | undefined
  readonly sender: Sender
  /** daprd asks it once and takes an error for a no: it waits for as long as daprd does, and may be asked of several replicas. */
  readonly isQuestion?: boolean
  /** What an event of a topic says of itself; absent for anything else. Costs a look into the bytes, so ask when it matters. */
  readonly identity?: (() => Identity) | undefined
}

/** Attributes of a CloudEvent, as far as the event carries them. Together they name one event. */
export interface Identity {
  readonly id?: string | undefined
  readonly source?: string | undefined
  /** Where daprd delivers it, if one topic has several paths. */
  readonly path?: string | undefined
  /** `partitionkey` (CloudEvents partitioning extension), or the key that the broker's metadata names. */
  readonly partitionKey?: string | undefined
}

/** Who sent an event and waits for what comes of it. */
export interface Sender {
  /** It has gone away before it had its answer. */
  readonly isGone: boolean
  /** Tells `listener` when the sender goes away, until it is forgotten. There is one at a time: whoever has the event now. */
  onGone(listener: SenderListener): void
  forget(listener: SenderListener): void
}

export interface SenderListener {
  /** The sender has gone away. */
  gone(): void
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
  | 'no-token' // it came without the app token, or with a wrong one

export type Outcome =
  /** The function answered, and its answer is on its way to the sender. */
  | {
      readonly kind: 'answered'
      readonly verdict: Verdict
      /** The function has no such route or method, whatever came. daprd drops such an event of a topic, though nobody asked for that. */
      readonly isMissingRoute?: true
    }
  /** The function certainly did not run: refused, unreachable, not connected in time, or still booting. */
  | { readonly kind: 'not-run'; readonly cause: string }
  /** The connection broke after the request was sent: nobody knows whether the function ran. */
  | {
      readonly kind: 'broken'
      readonly cause: string
      /** Part of an answer had come, so the function did run; the sender may have seen that part. */
      readonly hasBegun?: true
    }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  /** An earlier delivery of the same event was answered in this sense; this one has had no answer yet. */
  | { readonly kind: 'joined'; readonly verdict: Verdict }

/** What came of one exchange with a replica. */
export type Exchanged<Reply> =
  | { readonly kind: 'answered'; readonly reply: Reply }
  | Exclude<Outcome, { kind: 'answered' | 'joined' }>

/** What to tell whoever sent an event that came to nothing. */
export function explain(outcome: Exclude<Outcome, { kind: 'answered' | 'joined' }>): string {
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
  'no-token': 'dapr-api-token is missing or wrong: the sidecar and the proxy need the same APP_API_TOKEN',
}

/**
 * A server of the app channel calls one, a client for one replica is one, the proxy is a stack of them. It gives the
 * answer back through the message. Never rejects.
 */
export type EventHandler<Message> = (event: Event<Message>) => Promise<Outcome>

/** A client of one replica. */
export interface ReplicaClient<Message> {
  readonly send: EventHandler<Message>
  /** Closes idle connections; what is in flight finishes first. */
  close(): void
  /** Cuts every connection: what is in flight is broken, by this cause. The client can be used again. */
  abandon(cause: string): void
}

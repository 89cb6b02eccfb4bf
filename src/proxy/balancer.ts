// A place for an event: a replica that takes it, within the limits on what is in flight.

import type { Event, Outcome } from '../dapr/event.ts'
import type { Cause } from './hold.ts'
import type { Policy } from './policy/policy.ts'
import type { Replica } from './replica/replica.ts'
import type { Replicas } from './replica/replicas.ts'

export interface InFlightLimits {
  /** Events that may be at all replicas together. */
  readonly maxInFlight: number
  /** Events that may be at one replica. */
  readonly replicaConcurrency: number
}

export interface BalancerParts<Message> {
  readonly replicas: Replicas<Message>
  readonly policy: Policy
  readonly limits: InFlightLimits
  /** Called each time that a place has become free. */
  readonly onFree: () => void
}

/** Replicas that one event is sent to before it rests (Envoy and Knative: one and up to three more). */
const mostAttempts = 4

export class Balancer<Message> {
  readonly #parts: BalancerParts<Message>
  #inFlight = 0

  constructor(parts: BalancerParts<Message>) {
    this.#parts = parts
  }

  /** Events that are at replicas now. */
  inFlight(): number {
    return this.#inFlight
  }

  /** A lease on a replica that is not among those `tried`, or why there is none. */
  lease(
    event: Event<Message>,
    nowMs: number,
    tried: ReadonlySet<Replica<Message>> | undefined,
    key?: string,
  ): Lease<Message> | Cause {
    const { replicas, policy, limits } = this.#parts
    // What cannot wait must not fail for want of a place: it is daprd asking whether anybody is well.
    const isBounded = event.deadlineMs === undefined || event.deadlineMs > nowMs
    const usable = replicas.usable()
    if (usable.length === 0) return 'no-replica'
    if (isBounded && this.#inFlight >= limits.maxInFlight) return 'no-place'
    if (tried !== undefined && tried.size >= mostAttempts) return 'refusing'

    const onTrial = this.#onTrial(event, tried)
    if (onTrial !== undefined) return this.#take(onTrial, nowMs)

    const untried = tried === undefined ? usable : usable.filter((replica) => !tried.has(replica))
    if (untried.length === 0) return 'refusing'
    const chosen = policy(untried, nowMs, key)
    if (!isBounded || chosen.inFlight < limits.replicaConcurrency) return this.#take(chosen, nowMs)
    const free = untried.filter(({ inFlight }) => inFlight < limits.replicaConcurrency)
    return free.length === 0 ? 'no-place' : this.#take(policy(free, nowMs, key), nowMs)
  }

  /** The trial of a replica is an event that may be tried again, so no invocation. */
  #onTrial({ route }: Event<Message>, tried: ReadonlySet<Replica<Message>> | undefined): Replica<Message> | undefined {
    const onTrial = this.#parts.replicas.onTrial()
    if (onTrial.length === 0 || route.kind === 'invoke') return undefined
    return onTrial.find((replica) => !replica.isOnTrial && !tried?.has(replica))
  }

  #take(replica: Replica<Message>, nowMs: number): Lease<Message> {
    this.#inFlight += 1
    replica.sent(nowMs)
    return new Lease(replica, nowMs, this.#release)
  }

  readonly #release = () => {
    this.#inFlight -= 1
    this.#parts.onFree()
  }
}

/** A replica that was chosen for one event, counted as busy until it is released. */
export class Lease<Message> {
  readonly replica: Replica<Message>
  readonly #sentMs: number
  readonly #onReleased: () => void

  constructor(replica: Replica<Message>, sentMs: number, onReleased: () => void) {
    this.replica = replica
    this.#sentMs = sentMs
    this.#onReleased = onReleased
  }

  /** Once, with what came of it. */
  release(outcome: Outcome, nowMs: number): void {
    this.replica.done(outcome, this.#sentMs, nowMs)
    this.#onReleased()
  }
}

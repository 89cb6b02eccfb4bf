// One replica of the function: how to reach it, how busy it is, and whether it gets events.

import type { Outcome, ReplicaClient } from '../../dapr/event.ts'
import { authority, type ReplicaAddress } from '../../dapr/replica.ts'
import type { Health, State } from './health.ts'
import { Load } from './load.ts'

/** A replica that begins gets a tenth of its share, and all of it after this time, in milliseconds (Envoy: slow start). */
const slowStartMs = 10_000
const leastWeight = 0.1

export class Replica<Message> {
  /** `host:port` */
  readonly address: string
  readonly at: ReplicaAddress
  readonly client: ReplicaClient<Message>
  readonly health: Health
  /** Of the address: what an earlier life in the set left behind at work is part of it. */
  readonly load: Load
  /** Events under way that were sent in this life. */
  atWork = 0
  /** Events that it has answered. */
  answered = 0
  /** When it last answered anything, or was first sent something after it had been idle, in milliseconds of the clock. */
  heardMs = 0
  #trialSentMs: number | undefined

  constructor(at: ReplicaAddress, client: ReplicaClient<Message>, health: Health, load = new Load()) {
    this.address = authority(at)
    this.at = at
    this.client = client
    this.health = health
    this.load = load
  }

  get inFlight(): number {
    return this.load.inFlight
  }

  get state(): State {
    return this.health.state
  }

  /** The one event that is to show whether it is back is under way. */
  get isOnTrial(): boolean {
    return this.#trialSentMs !== undefined
  }

  /** From 0.1 to 1: the part of its share that it may have while it is new. */
  weight(nowMs: number): number {
    const age = (nowMs - this.health.readySinceMs) / slowStartMs
    return age >= 1 ? 1 : Math.max(leastWeight, age)
  }

  sent(nowMs: number): void {
    if (this.atWork === 0) this.heardMs = nowMs
    this.atWork += 1
    this.load.inFlight += 1
    if (this.state === 'trial') this.#trialSentMs = nowMs
  }

  /** What came of an event that was sent at `sentMs`. */
  done(outcome: Outcome, sentMs: number, nowMs: number): void {
    this.atWork -= 1
    this.load.inFlight -= 1
    if (sentMs === this.#trialSentMs) this.#trialSentMs = undefined
    switch (outcome.kind) {
      case 'answered':
        this.answered += 1
        this.heardMs = nowMs
        // A function that fails may do so faster than it works, which must not attract more events.
        if (outcome.verdict === 'success') this.load.succeeded(nowMs - sentMs, nowMs)
        else this.load.failed(nowMs)
        this.health.succeeded(sentMs)
        break
      case 'not-run':
      case 'broken':
        this.load.failed(nowMs)
        this.health.failed(outcome.cause)
        break
    }
  }
}

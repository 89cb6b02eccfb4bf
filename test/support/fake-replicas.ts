// The core in virtual time, in front of replicas that behave as a test says. No byte moves.

import { Departure } from '../../src/dapr/departure.ts'
import type { Event, Outcome, RouteKind } from '../../src/dapr/event.ts'
import type { ReplicaAddress } from '../../src/dapr/replica.ts'
import { type Core, type CoreSettings, createCore } from '../../src/proxy/core.ts'
import type { Delivery, Observer, RetryCause } from '../../src/proxy/observer.ts'
import type { Reached } from '../../src/proxy/replica/health.ts'
import { VirtualTime } from './virtual-time.ts'

/** `busy` has no time for a handshake; `refuse` and `silent` take no connection and break what is in flight; `break` takes events and breaks off; `fail` answers with an error of its own. */
export type Mode = 'up' | 'busy' | 'refuse' | 'silent' | 'break' | 'fail' | 'booting' | 'hang'

/** What one event has met. */
export interface Told {
  readonly id: number
  readonly kind: RouteKind
  readonly key?: string
  readonly sender: Departure
  /** Times that a function began to work on it. */
  runs: number
  answers: number
  outcome?: Outcome
}

export class FakeReplica {
  readonly port: number
  mode: Mode = 'up'
  latencyMs: () => number = () => 5
  inFlight = 0
  sent = 0
  sinceMs = 0
  onSend: (told: Told) => void = () => {}
  onRun: (told: Told) => void = () => {}
  onEnd: (told: Told) => void = () => {}
  readonly #time: VirtualTime
  readonly #open = new Set<(outcome: Outcome) => void>()

  constructor(port: number, time: VirtualTime) {
    this.port = port
    this.#time = time
  }

  become(mode: Mode): void {
    if (mode === this.mode) return
    this.mode = mode
    this.sinceMs = this.#time.now()
    if (mode === 'refuse') this.cut('killed')
  }

  cut(cause: string): void {
    for (const end of [...this.#open]) end({ kind: 'broken', cause })
  }

  reached(): Promise<Reached> {
    const { mode } = this
    if (mode === 'refuse') return Promise.resolve('refused')
    if (mode === 'busy') return Promise.resolve('no-handshake')
    if (mode !== 'silent') return Promise.resolve('accepted')
    return new Promise((resolve) => this.#time.after(300, () => resolve('silent')))
  }

  send({ message: told, sender }: Event<Told>): Promise<Outcome> {
    this.sent += 1
    this.onSend(told)
    if (sender.isGone) return Promise.resolve({ kind: 'refused', refusal: 'cancelled' })
    const { mode } = this
    if (mode === 'refuse' || mode === 'booting') return Promise.resolve({ kind: 'not-run', cause: mode })
    return new Promise((resolve) => {
      this.inFlight += 1
      if (mode !== 'silent') {
        told.runs += 1
        this.onRun(told)
      }
      const end = (outcome: Outcome) => {
        cancel()
        sender.forget(listener)
        this.#open.delete(end)
        this.inFlight -= 1
        if (mode !== 'silent') this.onEnd(told)
        if (outcome.kind === 'answered') told.answers += 1
        resolve(outcome)
      }
      this.#open.add(end)
      const listener = { gone: () => end({ kind: 'refused', refusal: 'cancelled' }) }
      sender.onGone(listener)
      const delayMs = mode === 'silent' ? 1000 : mode === 'hang' ? 10 ** 9 : this.latencyMs()
      const cancel = this.#time.after(delayMs, () => end(outcomeOf[mode]))
    })
  }
}

const outcomeOf: Readonly<Record<Exclude<Mode, 'refuse' | 'booting'>, Outcome>> = {
  up: { kind: 'answered', verdict: 'success' },
  busy: { kind: 'answered', verdict: 'success' },
  fail: { kind: 'answered', verdict: 'failed' },
  break: { kind: 'broken', cause: 'reset' },
  silent: { kind: 'not-run', cause: 'not connected in time' },
  hang: { kind: 'answered', verdict: 'success' },
}

export interface World {
  readonly time: VirtualTime
  readonly core: Core<Told>
  readonly fakes: readonly FakeReplica[]
  readonly told: readonly Told[]
  readonly deliveries: Delivery[]
  readonly retries: RetryCause[]
  readonly ejections: string[]
  send(kind?: RouteKind, more?: Partial<Pick<Event<Told>, 'deadlineMs' | 'identity'>>): Promise<Outcome>
  /** The addresses of these fakes. */
  at(...indices: readonly number[]): ReplicaAddress[]
}

const defaults: CoreSettings = {
  balance: 'least-loaded',
  joinDuplicates: false,
  maxHeld: 100,
  holdTimeoutMs: 30_000,
  maxInFlight: 1000,
  replicaConcurrency: Number.MAX_SAFE_INTEGER,
}

/** All fakes are up and known, but have not been asked yet. */
export function createWorld(count: number, settings: Partial<CoreSettings> = {}, random = seeded(1)): World {
  const time = new VirtualTime(random)
  const fakes = Array.from({ length: count }, (_, index) => new FakeReplica(index + 1, time))
  const fakeAt = ({ port }: ReplicaAddress) => fakes[port - 1] as FakeReplica
  const deliveries: Delivery[] = []
  const retries: RetryCause[] = []
  const ejections: string[] = []
  const observer: Observer = {
    delivered: (delivery) => deliveries.push(delivery),
    retried: (_route, cause) => retries.push(cause),
    ejected: (replica) => ejections.push(replica),
    readmitted() {},
  }
  const core = createCore<Told>(
    { ...defaults, ...settings },
    {
      createClient: (address) => ({
        send: (event) => fakeAt(address).send(event),
        close() {},
        abandon: (cause) => fakeAt(address).cut(cause),
      }),
      probe: (address) => fakeAt(address).reached(),
      time,
      observer,
    },
  )
  const at = (...indices: readonly number[]) => indices.map((index) => ({ host: '10.0.0.1', port: index + 1 }))
  core.replicas.replace(at(...fakes.keys()))
  const told: Told[] = []
  const send: World['send'] = async (kind = 'topic', more = {}) => {
    const key = more.identity?.().partitionKey
    const one: Told = { id: told.length, kind, ...(key && { key }), sender: new Departure(), runs: 0, answers: 0 }
    told.push(one)
    const route = { kind, name: 'bus/orders', pubsub: 'bus', topic: 'orders' }
    one.outcome = await core.handler({ route, message: one, sender: one.sender, ...more })
    return one.outcome
  }
  return { time, core, fakes, told, deliveries, retries, ejections, send, at }
}

/** Chance that is the same in each run (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mix = Math.imul(state ^ (state >>> 15), 1 | state)
    mix = (mix + Math.imul(mix ^ (mix >>> 7), 61 | mix)) ^ mix
    return ((mix ^ (mix >>> 14)) >>> 0) / 4294967296
  }
}

// The replicas that the proxy knows now: a set that discovery swaps whole, and which of them get events.

import type { ReplicaClient } from '../../dapr/event.ts'
import { authority, type ReplicaAddress } from '../../dapr/replica.ts'
import { Line } from '../line.ts'
import type { Observer } from '../observer.ts'
import type { Time } from '../time.ts'
import { Health, type Reached, type State } from './health.ts'
import { Replica } from './replica.ts'

export interface ReplicasParts<Message> {
  readonly createClient: (address: ReplicaAddress) => ReplicaClient<Message>
  /** Tries to connect. Never rejects. */
  readonly probe: (address: ReplicaAddress) => Promise<Reached>
  readonly time: Time
  readonly observer: Pick<Observer, 'ejected' | 'readmitted'>
}

/**
 * Replicas that come together answer one after the other: the first of them shall not get everything that is held. In
 * milliseconds; it ends with the last answer.
 */
const gatherMs = 50

/** Keeps the client of a replica for as long as its address is in the set. */
export class Replicas<Message> {
  readonly #parts: ReplicasParts<Message>
  #current: readonly Replica<Message>[] = []
  #usable: readonly Replica<Message>[] = []
  #onTrial: readonly Replica<Message>[] = []
  #leaving: readonly Replica<Message>[] = []
  readonly #listeners = new Line<() => void>()
  #cancelGather: (() => void) | undefined

  constructor(parts: ReplicasParts<Message>) {
    this.#parts = parts
  }

  /** All that discovery knows of. */
  current(): readonly Replica<Message>[] {
    return this.#current
  }

  /** Those that get events. */
  usable(): readonly Replica<Message>[] {
    return this.#usable
  }

  /** Those that get one event each, to show whether they are back. */
  onTrial(): readonly Replica<Message>[] {
    return this.#onTrial
  }

  /** All that work on something, those that discovery has forgotten as well. */
  working(): readonly Replica<Message>[] {
    if (this.#leaving.length > 0) this.#leaving = this.#leaving.filter(isWorking)
    return [...this.#current, ...this.#leaving].filter(isWorking)
  }

  /** Calls `listener` each time that there may be a replica for an event that found none, until the returned function is called. */
  onGain(listener: () => void): () => void {
    return this.#listeners.join(listener)
  }

  /** Takes the whole new set. What is in flight on a replica that left still finishes. */
  replace(addresses: readonly ReplicaAddress[]): void {
    const wanted = new Map(addresses.map((address) => [authority(address), address]))
    const known = new Map(this.#current.map((replica) => [replica.address, replica]))
    const isSame = wanted.size === known.size && [...wanted.keys()].every((address) => known.has(address))
    if (isSame) return
    const left = this.#current.filter(({ address }) => !wanted.has(address))
    this.#current = [...wanted].map(([name, address]) => known.get(name) ?? this.#create(name, address))
    this.#leaving = [...this.#leaving, ...left].filter(isWorking)
    for (const { health, client } of left) {
      health.close()
      client.close()
    }
    this.#sort()
    for (const { address, health } of this.#current) if (!known.has(address)) health.start()
  }

  #create(name: string, address: ReplicaAddress): Replica<Message> {
    const { createClient, probe, time, observer } = this.#parts
    const health = new Health({
      time,
      probe: () => probe(address),
      mayEject: () => this.#mayEject(),
      onChange: () => this.#sort(),
      onEjected: (cause) => observer.ejected(name, cause),
      onReadmitted: () => observer.readmitted(name),
    })
    // It left and is back before its last event is over: those places are taken.
    const leaving = this.#leaving.find((replica) => replica.address === name && isWorking(replica))
    return new Replica(address, createClient(address), health, leaving?.load)
  }

  /** At most half of those that take connections, so never the last one (Envoy: max_ejection_percent, 10 % there, which is none of five). */
  #mayEject(): boolean {
    const reachable = this.#current.filter(isReachable)
    const isOut = ({ state }: Replica<Message>) => state !== 'ready'
    // The one that asks has been taken out already, to be looked at.
    return (reachable.filter(isOut).length + 1) * 2 <= reachable.length + 1
  }

  #sort(): void {
    const ready = this.#current.filter(({ state }) => state === 'ready')
    const reachable = this.#current.filter(isReachable)
    const before = new Set([...this.#usable, ...this.#onTrial])
    // When most of them fail, it is not they who are to blame: use all that take connections (Envoy: panic threshold).
    const isPanic = ready.length * 2 < reachable.length
    this.#usable = isPanic ? reachable : ready
    this.#onTrial = isPanic ? [] : reachable.filter(({ state }) => state === 'trial')
    const hasGain = [...this.#usable, ...this.#onTrial].some((replica) => !before.has(replica))
    if (hasGain) this.#cancelGather ??= this.#parts.time.after(gatherMs, () => this.#tellGain())
    if (this.#cancelGather && this.#current.every(({ health }) => health.wasAsked)) this.#tellGain()
  }

  #tellGain(): void {
    this.#cancelGather?.()
    this.#cancelGather = undefined
    for (const listener of this.#listeners.all()) listener()
  }
}

const isReachable = ({ state }: { readonly state: State }): boolean => state !== 'unreachable'
const isWorking = ({ atWork }: { readonly atWork: number }): boolean => atWork > 0

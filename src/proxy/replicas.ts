// The replicas that the proxy knows now: a snapshot that discovery swaps whole, and those who wait for it to change.

import type { ReplicaClient } from '../dapr/event.ts'
import { authority, type ReplicaAddress } from '../dapr/replica.ts'

export interface Replica<Message> {
  /** `host:port` */
  readonly address: string
  readonly client: ReplicaClient<Message>
  /** Events that it works on now. */
  inFlight: number
  /** Events that it has answered. */
  answered: number
}

/** Keeps the client of a replica for as long as its address is in the set. */
export class Replicas<Message> {
  readonly #createClient: (address: ReplicaAddress) => ReplicaClient<Message>
  #current: readonly Replica<Message>[] = []
  readonly #listeners = new Set<() => void>()

  constructor(createClient: (address: ReplicaAddress) => ReplicaClient<Message>) {
    this.#createClient = createClient
  }

  current(): readonly Replica<Message>[] {
    return this.#current
  }

  /** Calls `listener` at each change until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Takes the whole new set. What is in flight on a replica that left still finishes. */
  replace(addresses: readonly ReplicaAddress[]): void {
    const wanted = new Map(addresses.map((address) => [authority(address), address]))
    const known = new Map(this.#current.map((replica) => [replica.address, replica]))
    const isSame = wanted.size === known.size && [...wanted.keys()].every((address) => known.has(address))
    if (isSame) return
    this.#current = [...wanted].map(([name, address]) => known.get(name) ?? this.#create(name, address))
    for (const [name, replica] of known) if (!wanted.has(name)) replica.client.close()
    for (const listener of [...this.#listeners]) listener()
  }

  #create(address: string, { host, port }: ReplicaAddress): Replica<Message> {
    return { address, client: this.#createClient({ host, port }), inFlight: 0, answered: 0 }
  }
}

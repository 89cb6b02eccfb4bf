// The last deliveries, kept in columns so that an event costs a few stores and no object. Never a payload.

import type { Identity, Route } from '../../dapr/event.ts'
import type { Delivery } from '../observer.ts'
import type { Result } from '../result.ts'

/** One line of `/debug/events`. */
export interface DeliveryRecord {
  /** When it was over, in RFC 3339. */
  readonly when: string
  /** `id` of its CloudEvent, cut to 128 characters; null where nobody looked (see `createDeliveries`), or it has none. */
  readonly id: string | null
  readonly route: string
  readonly kind: Route['kind']
  /** The replica that had it last; null if it never left. */
  readonly replica: string | null
  readonly attempts: number
  readonly outcome: Result
  readonly ms: number
}

/** What the last deliveries say together. */
export interface Recent {
  readonly count: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** How many of them each replica had last, by address. */
  readonly byReplica: ReadonlyMap<string, number>
}

export interface Deliveries {
  add(delivery: Delivery, result: Result, isFailure: boolean): void
  /** The newest first. Whoever asks has the ids of all events looked at for a minute. */
  all(limit: number): DeliveryRecord[]
  /** Those that failed, the newest first. They are kept apart, so that a busy proxy does not push them out. */
  failed(limit: number): DeliveryRecord[]
  recent(): Recent
}

/** Of these the last ones are kept. */
export const maxDeliveries = 1000
export const maxFailed = 100

/** An event that took longer is worth a look at its id. Milliseconds. */
const slowMs = 1000
/** How long a look at the page has the ids of all events kept. Milliseconds. */
const watchedForMs = 60_000
/** Looks at ids in one second at most, when nobody looks at the page: a look costs the more the larger the event is. */
const looksPerSecond = 100
const maxIdLength = 128

/**
 * The id of an event lies in its bytes, so it is read only if the event failed, went to more than one replica or took longer
 * than a second, at most 100 times a second; and of every event for a minute after somebody has asked for all of them.
 * `timeOriginMs` is that of `performance`, in milliseconds since 1970.
 */
export function createDeliveries(now: () => number, timeOriginMs: number): Deliveries {
  const last = new Ring(maxDeliveries, timeOriginMs)
  const lastFailed = new Ring(maxFailed, timeOriginMs)
  let watchedUntilMs = 0
  let secondEndsMs = 0
  let looks = 0

  const mayLook = (nowMs: number): boolean => {
    if (nowMs < watchedUntilMs) return true
    if (nowMs >= secondEndsMs) {
      secondEndsMs = nowMs + 1000
      looks = 0
    }
    looks += 1
    return looks <= looksPerSecond
  }

  return {
    add(delivery, result, isFailure) {
      const { identity, attempts, startedMs, endedMs } = delivery
      const isOdd = isFailure || attempts > 1 || endedMs - startedMs > slowMs
      const isWanted = identity !== undefined && (isOdd || endedMs < watchedUntilMs) && mayLook(endedMs)
      const id = isWanted ? idOf(identity) : null
      last.add(delivery, result, id)
      if (isFailure) lastFailed.add(delivery, result, id)
    },
    all(limit) {
      watchedUntilMs = now() + watchedForMs
      return last.newest(limit)
    },
    failed: (limit) => lastFailed.newest(limit),
    recent: () => last.recent(),
  }
}

/** A copy: a slice of a text would keep the whole event in memory. Bytes that are no event have no id. */
function idOf(identity: () => Identity): string | null {
  try {
    const { id } = identity()
    return id === undefined ? null : Buffer.from(id.slice(0, maxIdLength)).toString()
  } catch {
    return null
  }
}

class Ring {
  readonly #size: number
  readonly #timeOriginMs: number
  readonly #routes: Route[] = []
  readonly #results: Result[] = []
  readonly #replicas: (string | null)[] = []
  readonly #ids: (string | null)[] = []
  readonly #attempts: Uint32Array
  readonly #endedMs: Float64Array
  readonly #tookMs: Float64Array
  /** Where the next one goes. */
  #next = 0
  #count = 0

  constructor(size: number, timeOriginMs: number) {
    this.#size = size
    this.#timeOriginMs = timeOriginMs
    this.#attempts = new Uint32Array(size)
    this.#endedMs = new Float64Array(size)
    this.#tookMs = new Float64Array(size)
  }

  add({ route, replica, attempts, startedMs, endedMs }: Delivery, result: Result, id: string | null): void {
    const at = this.#next
    this.#routes[at] = route
    this.#results[at] = result
    this.#replicas[at] = replica ?? null
    this.#ids[at] = id
    this.#attempts[at] = attempts
    this.#endedMs[at] = endedMs
    this.#tookMs[at] = endedMs - startedMs
    this.#next = at + 1 === this.#size ? 0 : at + 1
    if (this.#count < this.#size) this.#count += 1
  }

  newest(limit: number): DeliveryRecord[] {
    const length = Math.min(limit, this.#count)
    return Array.from({ length }, (_, back) => this.#record((this.#next - 1 - back + this.#size) % this.#size))
  }

  #record(at: number): DeliveryRecord {
    const route = this.#routes[at] as Route
    return {
      when: new Date(this.#timeOriginMs + (this.#endedMs[at] as number)).toISOString(),
      id: this.#ids[at] ?? null,
      route: route.name,
      kind: route.kind,
      replica: this.#replicas[at] ?? null,
      attempts: this.#attempts[at] as number,
      outcome: this.#results[at] as Result,
      ms: rounded(this.#tookMs[at] as number),
    }
  }

  recent(): Recent {
    const took = this.#tookMs.slice(0, this.#count).sort()
    const quantile = (share: number) => rounded(took[Math.ceil(share * took.length) - 1] ?? 0)
    const byReplica = new Map<string, number>()
    for (const replica of this.#replicas) {
      if (replica !== null) byReplica.set(replica, (byReplica.get(replica) ?? 0) + 1)
    }
    return { count: this.#count, p50Ms: quantile(0.5), p99Ms: quantile(0.99), byReplica }
  }
}

/** To hundredths. */
const rounded = (ms: number): number => Math.round(ms * 100) / 100

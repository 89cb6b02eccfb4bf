// The events of one subscription on their way: bounded concurrency, redelivery with back-off, a limit of attempts.

import { reason } from '../../../shared/log.ts'
import type { Delivery, Tally } from './tally.ts'

/** Where the policy differs from these defaults is for tests alone. */
export interface DeliveryPolicy {
  readonly maxInFlight: number
  /** Attempts for one event; with the delays below the last one comes about 26 s after the first. */
  readonly maxAttempts: number
  readonly firstDelayMs: number
  readonly maxDelayMs: number
  /** Events that may wait; beyond it the broker refuses to take more. */
  readonly maxWaiting: number
}

export const defaultPolicy: DeliveryPolicy = {
  maxInFlight: 32,
  maxAttempts: 10,
  firstDelayMs: 200,
  maxDelayMs: 5000,
  maxWaiting: 10_000,
}

export interface DeliveryQueueOptions<Message> {
  readonly deliver: (message: Message) => Promise<Delivery>
  readonly tally: Tally
  /** Told why an event was given up, once for each. */
  readonly onLost: (cause: string) => void
  readonly policy?: DeliveryPolicy
}

interface Entry<Message> {
  readonly message: Message
  readonly publishedMs: number
  attempts: number
}

export class DeliveryQueue<Message> {
  readonly #options: DeliveryQueueOptions<Message>
  readonly #policy: DeliveryPolicy
  readonly #retries = new Set<NodeJS.Timeout>()
  #waiting: Entry<Message>[] = []
  #head = 0
  #inFlight = 0
  #closed = false

  constructor(options: DeliveryQueueOptions<Message>) {
    this.#options = options
    this.#policy = options.policy ?? defaultPolicy
  }

  hasRoom(): boolean {
    return !this.#closed && this.#waiting.length - this.#head + this.#retries.size < this.#policy.maxWaiting
  }

  push(message: Message): void {
    this.#options.tally.published()
    this.#waiting.push({ message, publishedMs: performance.now(), attempts: 0 })
    this.#pump()
  }

  /** Starts nothing new. What waits stays without an acknowledgement. */
  close(): void {
    this.#closed = true
    for (const timer of this.#retries) clearTimeout(timer)
    this.#retries.clear()
  }

  #pump(): void {
    while (!this.#closed && this.#inFlight < this.#policy.maxInFlight) {
      const entry = this.#shift()
      if (entry === undefined) return
      this.#inFlight += 1
      void this.#attempt(entry).finally(() => {
        this.#inFlight -= 1
        this.#pump()
      })
    }
  }

  async #attempt(entry: Entry<Message>): Promise<void> {
    entry.attempts += 1
    const delivery = await this.#options
      .deliver(entry.message)
      .catch((error: unknown): Delivery => ({ kind: 'failed', cause: reason(error) }))
    this.#options.tally.attempted(delivery, performance.now() - entry.publishedMs)
    if (delivery.kind === 'unhandled') this.#options.onLost(delivery.cause)
    if (delivery.kind === 'failed') this.#again(entry, delivery.cause)
  }

  #again(entry: Entry<Message>, cause: string): void {
    if (this.#closed) return
    if (entry.attempts >= this.#policy.maxAttempts) {
      this.#options.tally.givenUp()
      this.#options.onLost(`given up after ${entry.attempts} attempts: ${cause}`)
      return
    }
    const delayMs = Math.min(this.#policy.firstDelayMs * 2 ** (entry.attempts - 1), this.#policy.maxDelayMs)
    const timer = setTimeout(() => {
      this.#retries.delete(timer)
      this.#waiting.push(entry)
      this.#pump()
    }, delayMs)
    this.#retries.add(timer)
  }

  // A plain array with a moving head: shift() of a long array copies all of it.
  #shift(): Entry<Message> | undefined {
    const entry = this.#waiting[this.#head]
    if (entry === undefined) return undefined
    this.#head += 1
    if (this.#head > 1024 && this.#head * 2 > this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#head)
      this.#head = 0
    }
    return entry
  }
}

// The body of an event as a server keeps it: whole, and within the limits of one event and of all of them.

import type { Buffer } from 'node:buffer'
import type { BodySink } from '../../h1/body.ts'
import type { Incoming } from '../../h1/incoming.ts'
import { Pieces } from '../../h1/pieces.ts'
import type { BodyLimits } from '../body.ts'
import type { Refusal } from '../event.ts'

export interface BodyEvents {
  /** The memory that it took is the receiver's to give back. */
  whole(bytes: Buffer): void
  /** Its memory has been given back. */
  refuse(refusal: Refusal): void
}

/** What happens if the sender goes away meanwhile is nothing: neither of the two is called. */
export function keepBody(request: Incoming, limits: BodyLimits, events: BodyEvents): void {
  const { framing } = request
  if (framing.kind === 'length' && framing.bytes > limits.maxEventBytes) {
    events.refuse('too-large')
    return
  }
  if (!request.isComplete) {
    request.flow(new KeptBody(limits, events))
    return
  }
  const bytes = request.queued()
  if (bytes.length > limits.maxEventBytes) {
    events.refuse('too-large')
    return
  }
  if (!limits.memory.take(bytes.length)) {
    events.refuse('held-full')
    return
  }
  events.whole(bytes)
}

class KeptBody implements BodySink {
  readonly #limits: BodyLimits
  readonly #events: BodyEvents
  readonly #pieces = new Pieces()
  #isOver = false

  constructor(limits: BodyLimits, events: BodyEvents) {
    this.#limits = limits
    this.#events = events
  }

  write(bytes: Buffer): boolean {
    if (this.#isOver) return true
    if (this.#pieces.size + bytes.length > this.#limits.maxEventBytes) this.#refuse('too-large')
    else if (this.#limits.memory.take(bytes.length)) this.#pieces.add(bytes)
    else this.#refuse('held-full')
    return true
  }

  end(): void {
    if (this.#isOver) return
    this.#isOver = true
    const bytes = this.#pieces.whole()
    this.#pieces.clear()
    this.#events.whole(bytes)
  }

  cut(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#limits.memory.give(this.#pieces.size)
    this.#pieces.clear()
  }

  #refuse(refusal: Refusal): void {
    this.cut()
    this.#events.refuse(refusal)
  }
}

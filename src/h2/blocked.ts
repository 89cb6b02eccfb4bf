// Streams that have DATA to send and wait for their connection, in their order.

import type { Stream } from './stream.ts'

/** An array, and a mark on each stream: a stream is asked about often, and waits seldom. */
export class Blocked {
  readonly #streams: Stream[] = []

  add(stream: Stream): void {
    if (stream.isBlocked) return
    stream.isBlocked = true
    this.#streams.push(stream)
  }

  remove(stream: Stream): void {
    if (stream.isBlocked) this.#streams.splice(this.#streams.indexOf(stream), 1)
  }

  /** One frame of each in turn, as long as there is room: a large message does not make a small one wait. */
  pump(hasRoom: () => boolean): void {
    while (this.#streams.length > 0 && hasRoom()) {
      const stream = this.#streams.shift() as Stream
      stream.isBlocked = false
      stream.pump(1)
    }
  }
}

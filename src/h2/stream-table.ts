// The streams that are open on a connection, by their id.

import type { Stream } from './stream.ts'

/** Power of two, as each later size. */
const firstPlaces = 64

/**
 * A table with open addressing: at most half full, a stream stands at the place of its id or in the next free one behind it.
 *
 * Not a Map: when one of those makes itself anew, as it does all the time where streams come and go, the table that it leaves
 * behind refers to the next one. Once a full collection has moved one of them to the old generation, that one keeps the
 * streams of its successor alive, which move there as well, and so on: all streams of all time, until the next full
 * collection, which begins it anew. That was half of what an event cost.
 */
export class StreamTable {
  /** Streams in it. */
  size = 0
  #places: (Stream | undefined)[] = emptyPlaces(firstPlaces)

  get(id: number): Stream | undefined {
    return this.#places[this.#find(id)]
  }

  /** No stream of that id may be in it. */
  add(stream: Stream): void {
    this.size += 1
    if (this.size * 2 > this.#places.length) this.#grow()
    this.#places[this.#find(stream.id)] = stream
  }

  /** Nothing happens if it is not in it. */
  delete(id: number): void {
    const places = this.#places
    let free = this.#find(id)
    if (places[free] === undefined) return
    this.size -= 1
    // Those behind it that had to give way to it move up.
    for (let place = this.#next(free); ; place = this.#next(place)) {
      const stream = places[place]
      if (stream === undefined) break
      if (this.#distance(this.#home(stream.id), place) < this.#distance(free, place)) continue
      places[free] = stream
      free = place
    }
    places[free] = undefined
  }

  /** Those that are in it now, in no order. */
  all(): Stream[] {
    return this.#places.filter((stream) => stream !== undefined)
  }

  /** Where the stream is, or the place that it would take. */
  #find(id: number): number {
    const places = this.#places
    let place = this.#home(id)
    for (let stream = places[place]; stream !== undefined && stream.id !== id; stream = places[place])
      place = this.#next(place)
    return place
  }

  /** Ids of one side are every other number. */
  #home(id: number): number {
    return (id >> 1) & (this.#places.length - 1)
  }

  #next(place: number): number {
    return (place + 1) & (this.#places.length - 1)
  }

  /** Steps from one place to another. */
  #distance(from: number, to: number): number {
    return (to - from) & (this.#places.length - 1)
  }

  #grow(): void {
    const streams = this.all()
    this.#places = emptyPlaces(this.#places.length * 2)
    for (const stream of streams) this.#places[this.#find(stream.id)] = stream
  }
}

const emptyPlaces = (count: number): (Stream | undefined)[] => new Array(count).fill(undefined)

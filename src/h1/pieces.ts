// A body that is kept until it is whole.

import { Buffer } from 'node:buffer'

const nothing = Buffer.alloc(0)

/** What has arrived of it: nearly always one piece, so a list is made for more alone. An empty one that is pushed to makes room for sixteen. */
export class Pieces {
  /** Bytes of all of them. */
  size = 0
  #first: Buffer | undefined
  #more: Buffer[] | undefined

  add(bytes: Buffer): void {
    this.size += bytes.length
    if (this.#first === undefined) this.#first = bytes
    else if (this.#more === undefined) this.#more = [bytes]
    else this.#more.push(bytes)
  }

  /** Not a copy, if it is one piece. */
  whole(): Buffer {
    const first = this.#first ?? nothing
    return this.#more === undefined ? first : Buffer.concat([first, ...this.#more])
  }

  /** Each of them; none is left. */
  take(): Buffer[] {
    const all = this.#first === undefined ? [] : [this.#first, ...(this.#more ?? [])]
    this.clear()
    return all
  }

  clear(): void {
    this.size = 0
    this.#first = undefined
    this.#more = undefined
  }
}

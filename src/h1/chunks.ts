// Takes a chunked body apart (RFC 9112 §7.1), however its bytes are split.

import { parseFields } from './head.ts'
import { Malformed } from './malformed.ts'

const cr = 13
const lf = 10

/** Bytes of a line that names the size of a chunk, its extensions included. Extensions mean nothing to anybody. */
const maxSizeLine = 256
/** Eight hexadecimal digits: 4 GiB in one chunk. What stands behind a semicolon is an extension. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it must not have
const sizeLine = /^([0-9a-fA-F]{1,8})[ \t]*(?:;[^\0-\x08\n-\x1f\x7f]*)?$/

export interface ChunkEvents {
  data(bytes: Buffer): void
}

export class ChunkReader {
  readonly #events: ChunkEvents
  readonly #maxTrailerBytes: number
  #expects: 'size' | 'data' | 'end-of-data' | 'trailers' | 'nothing' = 'size'
  /** Bytes of the chunk that are still to come. */
  #left = 0
  #line = ''
  #trailers = ''

  constructor(events: ChunkEvents, maxTrailerBytes: number) {
    this.#events = events
    this.#maxTrailerBytes = maxTrailerBytes
  }

  /** Fields after the last chunk, once the body is complete. */
  trailers: string[] | undefined

  /** Reads from `at` on. Returns where it stopped: at the end of `bytes`, or behind the body. Throws Malformed. */
  read(bytes: Buffer, at: number): number {
    let position = at
    while (position < bytes.length && this.#expects !== 'nothing') {
      if (this.#expects === 'data') position = this.#readData(bytes, position)
      else position = this.#readLine(bytes, position)
    }
    return position
  }

  #readData(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.#left)
    this.#left -= end - at
    if (this.#left === 0) this.#expects = 'end-of-data'
    this.#events.data(bytes.subarray(at, end))
    return end
  }

  #readLine(bytes: Buffer, at: number): number {
    const max = this.#expects === 'trailers' ? this.#maxTrailerBytes - this.#trailers.length : maxSizeLine
    const newline = bytes.indexOf(lf, at)
    const end = newline === -1 ? bytes.length : newline + 1
    if (this.#line.length + end - at > max + 2) throw new Malformed('a line of a chunked body is too long')
    this.#line += bytes.toString('latin1', at, end)
    if (newline === -1) return end
    if (this.#line.charCodeAt(this.#line.length - 2) !== cr) throw new Malformed('a line ends without CR')
    const line = this.#line.slice(0, -2)
    this.#line = ''
    this.#take(line)
    return end
  }

  #take(line: string): void {
    switch (this.#expects) {
      case 'size': {
        const digits = sizeLine.exec(line)?.[1]
        if (digits === undefined) throw new Malformed('the size of a chunk is malformed')
        this.#left = Number.parseInt(digits, 16)
        this.#expects = this.#left === 0 ? 'trailers' : 'data'
        return
      }
      case 'end-of-data':
        if (line !== '') throw new Malformed('a chunk is longer than its size')
        this.#expects = 'size'
        return
      default:
        if (line === '') {
          this.#finish()
          return
        }
        this.#trailers += `${line}\r\n`
    }
  }

  #finish(): void {
    this.trailers = this.#trailers === '' ? [] : parseFields(this.#trailers.slice(0, -2))
    this.#expects = 'nothing'
  }
}

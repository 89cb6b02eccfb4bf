// Writes frames (RFC 9113 §4.1) into a slab that goes out once per turn of the event loop: many frames, one system call.

import { giveBlock, takeBlock } from './blocks.ts'
import { flag, frameHeaderBytes, frameType, maxFrameSize } from './protocol.ts'

/** The part of a socket that output needs. */
export interface Transport {
  /** False if the peer takes the bytes more slowly than they come. */
  write(bytes: Buffer): boolean
  /** Bytes that the peer has not taken yet. */
  readonly writableLength: number
  /** Lets what was written go out, then ends. */
  end(): void
  /** The same, and whatever still comes is not read. */
  cut(): void
}

const slabBytes = 64 * 1024

/** `Buffer.copy` of a part makes an object for it, which costs more than so many bytes one by one. */
const fewBytes = 32

/** Beyond this the output is full: no DATA goes in until the peer has taken some. */
const fullBytes = 256 * 1024

export class Output {
  readonly #transport: Transport
  /** Calls its argument once at the end of the turn. */
  readonly #schedule: (flush: () => void) => void
  #slab: Buffer | undefined
  #length = 0
  /** Slabs whose bytes the kernel has not taken. */
  #lent: Buffer[] = []
  #isScheduled = false
  readonly #flush = () => this.flush()

  constructor(transport: Transport, schedule: (flush: () => void) => void) {
    this.#transport = transport
    this.#schedule = schedule
  }

  /** Bytes that have been given out and not been taken. */
  get backlog(): number {
    return this.#transport.writableLength + this.#length
  }

  get isFull(): boolean {
    return this.#transport.writableLength > fullBytes
  }

  /** HEADERS, and CONTINUATION as far as needed (§6.2, §6.10). */
  headers(streamId: number, block: Buffer, isEnd: boolean): void {
    let at = 0
    let type: number = frameType.headers
    do {
      const end = Math.min(block.length, at + maxFrameSize)
      const flags = (end === block.length ? flag.endHeaders : 0) | (isEnd && at === 0 ? flag.endStream : 0)
      this.#frame(type, flags, streamId, end - at)
      this.bytes(block, at, end)
      type = frameType.continuation
      at = end
    } while (at < block.length)
  }

  /** The head of a frame of DATA; `bytes` of that length have to follow. */
  data(streamId: number, length: number, isEnd: boolean): void {
    this.#frame(frameType.data, isEnd ? flag.endStream : 0, streamId, length)
  }

  /** A frame whose payload is a list of numbers of 32 bits, and bytes. */
  words(type: number, streamId: number, words: readonly number[], rest?: Buffer): void {
    this.#frame(type, 0, streamId, words.length * 4 + (rest?.length ?? 0))
    for (const word of words) this.#word(word)
    if (rest) this.bytes(rest, 0, rest.length)
  }

  settings(pairs: readonly (readonly [id: number, value: number])[]): void {
    this.#frame(frameType.settings, 0, 0, pairs.length * 6)
    for (const [id, value] of pairs) {
      const slab = this.#room(2)
      this.#length = slab.writeUInt16BE(id, this.#length)
      this.#word(value)
    }
  }

  settingsAck(): void {
    this.#frame(frameType.settings, flag.ack, 0, 0)
  }

  /** `opaque` are the eight bytes of a PING (§6.7). */
  ping(opaque: Buffer, isAck: boolean): void {
    this.#frame(frameType.ping, isAck ? flag.ack : 0, 0, opaque.length)
    this.bytes(opaque, 0, opaque.length)
  }

  bytes(bytes: Buffer, start: number, end: number): void {
    const slab = this.#room(end - start)
    if (end - start > fewBytes) this.#length += bytes.copy(slab, this.#length, start, end)
    else for (let at = start; at < end; at += 1) slab[this.#length++] = bytes[at] as number
  }

  /** Gives all of it to the transport now. */
  flush(): void {
    this.#isScheduled = false
    const slab = this.#slab
    if (slab === undefined) return
    this.#slab = undefined
    this.#lent.push(slab)
    this.#transport.write(slab.subarray(0, this.#length))
    this.#length = 0
    this.reclaim()
  }

  /** Takes slabs back when the kernel has taken all of their bytes. */
  reclaim(): void {
    if (this.#transport.writableLength > 0) return
    for (let slab = this.#lent.pop(); slab !== undefined; slab = this.#lent.pop()) giveBlock(slab)
  }

  #frame(type: number, flags: number, streamId: number, length: number): void {
    const slab = this.#room(frameHeaderBytes)
    let at = this.#length
    slab[at++] = length >>> 16
    slab[at++] = length >>> 8
    slab[at++] = length
    slab[at++] = type
    slab[at++] = flags
    slab[at++] = streamId >>> 24
    slab[at++] = streamId >>> 16
    slab[at++] = streamId >>> 8
    slab[at++] = streamId
    this.#length = at
  }

  #word(value: number): void {
    const slab = this.#room(4)
    this.#length = slab.writeUInt32BE(value, this.#length)
  }

  /** The slab, with room for that many bytes (never more than a slab). */
  #room(bytes: number): Buffer {
    if (this.#slab !== undefined && this.#length + bytes > slabBytes) this.flush()
    if (this.#slab === undefined) this.#slab = takeBlock(slabBytes)
    if (!this.#isScheduled) {
      this.#isScheduled = true
      this.#schedule(this.#flush)
    }
    return this.#slab
  }
}

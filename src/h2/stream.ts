// One stream (RFC 9113 §5): its two halves, its two windows, and the bytes that wait for room in the one of the peer.

import { type Budget, ByteQueue } from './byte-queue.ts'
import type { FieldSection } from './field-section.ts'
import type { Noise } from './noise.ts'
import type { Output } from './output.ts'
import { errorCode, frameType, maxFrameSize, maxWindow } from './protocol.ts'
import { streamWindow } from './settings.ts'

/** Whoever uses a stream. All calls come from reading or writing the connection, none while the owner calls the stream. */
export interface StreamOwner {
  onHeaders(section: FieldSection, isEnd: boolean): void
  /** `bytes` are good until this returns. Their credit is the owner's to give back, when they are no more. */
  onData(bytes: Buffer, start: number, end: number, isEnd: boolean): void
  /** So many bytes of DATA have gone into a frame. */
  onSent(bytes: number): void
  /** The stream is over before both sides have ended it. */
  onClosed(end: StreamEnd): void
}

export interface StreamEnd {
  /** An error code of HTTP/2. */
  readonly code: number
  readonly cause: string
  /** The peer has certainly not looked at the stream (§8.7): it refused it, or left before it. */
  readonly isUntouched: boolean
}

/** What a stream needs of its connection. */
export interface StreamHost {
  readonly isServer: boolean
  readonly output: Output
  readonly noise: Noise
  readonly budget: Budget
  sendWindow: number
  /** The stream has more to send than the connection takes now. */
  block(stream: Stream): void
  /** The stream is over. A peer that does not know that yet may go on sending for a while. */
  forget(stream: Stream, peerMayGoOn: boolean): void
  /** A block that refers to no table, the way this connection has to begin it. */
  startBlock(block: Buffer): Buffer
}

export class Stream {
  readonly id: number
  owner: StreamOwner
  /** May be negative (§6.9.2). */
  sendWindow: number
  receiveWindow = streamWindow
  isLocalEnded = false
  isRemoteEnded = false
  /** A request, or a response that is not interim, has come. */
  hasSection = false
  /** Bytes of DATA that content-length still promises; -1 if it says nothing. */
  promised = -1
  /** It waits until the connection has room: only the connection changes that. */
  isBlocked = false

  readonly #host: StreamHost
  #queue: ByteQueue | undefined
  #ownsQueue = false
  /** What comes after the queue: the end itself, or trailers. */
  #ending: 'none' | 'end' | Buffer = 'none'
  /** Bytes that were taken and not yet given back as credit. */
  #owed = 0
  #isOver = false

  constructor(id: number, owner: StreamOwner, host: StreamHost, sendWindow: number) {
    this.id = id
    this.owner = owner
    this.#host = host
    this.sendWindow = sendWindow
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** A header section, or trailers behind all data. The block refers to no table. */
  sendHeaders(block: Buffer, isEnd: boolean): void {
    if (this.isLocalEnded || this.#isOver) return
    if (this.#queue !== undefined && this.#queue.unread > 0) {
      // The block may be a view of what was read.
      this.#ending = Buffer.from(block)
      return
    }
    this.#host.output.headers(this.id, this.#host.startBlock(block), isEnd)
    if (isEnd) this.#endLocal()
  }

  /** What fits the windows goes out at once, the rest waits. False if the budget has no room for the rest. */
  sendData(bytes: Buffer, start: number, end: number, isEnd: boolean): boolean {
    if (this.isLocalEnded || this.#isOver) return true
    const isFirst = this.#queue === undefined || this.#queue.unread === 0
    const at = isFirst ? this.#write(bytes, start, end, isEnd) : start
    if (at > start) this.#sent(at - start, isEnd && at === end)
    if (at < end) {
      this.#queue ??= this.#ownQueue()
      if (!this.#queue.push(bytes, at, end, isEnd)) return false
      if (isEnd) this.#ending = 'end'
      this.#waitForConnection()
    } else if (isEnd && !this.isLocalEnded) this.endData()
    return true
  }

  /** Sends what is in the queue, and whatever is put there later: call `pump` then. It stays the caller's. */
  sendQueue(queue: ByteQueue, isEnd: boolean): void {
    this.#queue = queue
    if (isEnd) this.#ending = 'end'
    this.pump()
  }

  /** No data will come any more. */
  endData(): void {
    if (this.isLocalEnded || this.#isOver || this.#ending !== 'none') return
    this.#ending = 'end'
    this.pump()
  }

  /** Sends of the queue what the windows take, but not more than `frames`. */
  pump(frames = Number.POSITIVE_INFINITY): void {
    const queue = this.#queue
    if (this.isLocalEnded || this.#isOver) return
    for (let left = frames; queue !== undefined && queue.unread > 0 && left > 0; left -= 1) {
      const front = queue.front()
      const length = Math.min(front.length, maxFrameSize)
      const isLast = this.#ending === 'end' && length === queue.unread
      const sent = this.#write(front, 0, length, isLast)
      if (sent === 0) break
      queue.advance(sent)
      this.#sent(sent, isLast && sent === length)
    }
    if (queue !== undefined && queue.unread > 0) this.#waitForConnection()
    else this.#sendEnding()
  }

  /** The owner is done with bytes that came in: the peer may send as many more. */
  credit(bytes: number): void {
    this.#owed += bytes
    if (this.#owed < streamWindow / 2 || this.isRemoteEnded || this.#isOver) return
    this.#host.output.words(frameType.windowUpdate, this.id, [this.#owed])
    this.receiveWindow += this.#owed
    this.#owed = 0
  }

  /** More room in the window of the peer; false if that is more than a window can have (§6.9.1). */
  widen(bytes: number): boolean {
    this.sendWindow += bytes
    return this.sendWindow <= maxWindow
  }

  /** Ends the stream at once, for both sides. The owner hears no more of it. */
  reset(code: number): void {
    if (this.#isOver) return
    this.#host.output.words(frameType.rstStream, this.id, [code])
    this.over()
    this.#host.forget(this, !this.isRemoteEnded)
  }

  /** The books are closed when both sides have ended the stream. */
  settle(): void {
    if (!this.isLocalEnded || !this.isRemoteEnded || this.#isOver) return
    this.over()
    this.#host.forget(this, false)
  }

  /** Nothing more will be sent or received. */
  over(): void {
    this.#isOver = true
    if (this.#ownsQueue) this.#queue?.release()
  }

  #ownQueue(): ByteQueue {
    this.#ownsQueue = true
    return new ByteQueue(this.#host.budget, { isKeeping: false })
  }

  #sendEnding(): void {
    if (this.isLocalEnded || this.#ending === 'none') return
    const { output } = this.#host
    if (this.#ending === 'end') output.data(this.id, 0, true)
    else output.headers(this.id, this.#host.startBlock(this.#ending), true)
    this.#endLocal()
  }

  #endLocal(): void {
    this.isLocalEnded = true
    // A response that is over before the request is makes the rest of it unwanted (§8.1).
    if (this.#host.isServer && !this.isRemoteEnded) this.reset(errorCode.noError)
    else this.settle()
  }

  /** Writes frames as far as both windows and the output have room; returns where it stopped. */
  #write(bytes: Buffer, start: number, end: number, isEnd: boolean): number {
    const host = this.#host
    let at = start
    while (at < end && !host.output.isFull) {
      const length = Math.min(end - at, maxFrameSize, this.sendWindow, host.sendWindow)
      if (length <= 0) break
      this.sendWindow -= length
      host.sendWindow -= length
      host.output.data(this.id, length, isEnd && at + length === end)
      host.output.bytes(bytes, at, at + length)
      at += length
    }
    return at
  }

  #sent(bytes: number, isLast: boolean): void {
    this.#host.noise.makeUp()
    this.owner.onSent(bytes)
    if (isLast) this.#endLocal()
  }

  #waitForConnection(): void {
    // With a window of its own left it is the connection that has no room.
    if (this.sendWindow > 0) this.#host.block(this)
  }
}

/** The end of streams that the peer has not looked at. */
export const untouched = (cause: string): StreamEnd => ({ code: errorCode.refusedStream, cause, isUntouched: true })

// One connection (RFC 9113): its streams, its settings and windows, and how it comes to its end. It does no I/O: what
// arrives is passed to `receive`, what leaves goes to a transport.

import { Blocked } from './blocked.ts'
import type { Budget } from './byte-queue.ts'
import { FieldReader } from './field-reader.ts'
import type { FieldSection } from './field-section.ts'
import { FrameReader } from './frame-reader.ts'
import type { Inbound, UnfinishedBlock } from './inbound.ts'
import { Noise } from './noise.ts'
import { Output, type Transport } from './output.ts'
import {
  ConnectionError,
  clientPreface,
  defaultWindow,
  errorCode,
  errorName,
  frameType,
  maxWindow,
} from './protocol.ts'
import { receiveFrame } from './receive.ts'
import { ResetIds } from './reset-ids.ts'
import { connectionWindow, maxConcurrentStreams, ourSettings, PeerSettings } from './settings.ts'
import { Stream, type StreamEnd, type StreamHost, type StreamOwner, untouched } from './stream.ts'
import { StreamTable } from './stream-table.ts'
import { takeTurn } from './turns.ts'

export interface ConnectionOptions {
  readonly role: 'client' | 'server'
  readonly transport: Transport
  readonly owner: ConnectionOwner
  /** For what waits in the queues of streams. */
  readonly budget: Budget
  /** Calls its argument once, at the end of this turn. */
  readonly schedule: (flush: () => void) => void
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number
  /** The last id of a stream before a fresh connection has to take over. Default 2^30. */
  readonly lastStreamId?: number
}

export interface ConnectionOwner {
  /** The peer has opened a stream with a request (server). The stream wants an owner. */
  accept(stream: Stream, section: FieldSection, isEnd: boolean): void
  /** Whether and how many streams may be opened has changed (client). */
  changed(): void
  /** It is over, whatever the transport does; all its streams have been told. */
  closed(cause: string): void
}

/** Far from the end of all ids, which nothing may reach. */
const usualLastStreamId = 2 ** 30

/** Bytes that a peer leaves untaken before it is cut off. DATA stops long before; this is headers, resets and answers to PINGs. */
const mostBacklogBytes = 8 * 1024 * 1024

/** Streams of a connection that is over that are told so in one turn of the event loop: some 0.2 ms, in which others wait. */
const mostEndedPerTurn = 16

const drainPing = Buffer.from('draining')

export class Connection implements StreamHost, Inbound {
  readonly output: Output
  readonly budget: Budget
  readonly fields = new FieldReader()
  readonly peer = new PeerSettings()
  readonly noise: Noise
  readonly isServer: boolean
  readonly owner: ConnectionOwner
  readonly streams = new StreamTable()
  sendWindow = defaultWindow
  receiveWindow = connectionWindow
  unfinished: UnfinishedBlock | undefined
  /** The first SETTINGS of the peer have come. */
  isReady = false

  readonly #transport: Transport
  readonly #frames: FrameReader
  readonly #blocked = new Blocked()
  readonly #resetIds = new ResetIds()
  readonly #onFrame = (frame: FrameReader) => {
    if (!this.#isClosed) receiveFrame(this, frame)
  }
  readonly #lastStreamId: number
  #nextId = 1
  /** The highest id of a stream that the peer has opened. */
  #lastPeerId = 0
  #isClosed = false
  /** No stream begins any more, here or there. */
  #isLeaving = false
  /** Streams of the peer above it are not looked at. */
  #lastAcceptedId = maxWindow

  constructor({ role, transport, owner, budget, schedule, now, lastStreamId }: ConnectionOptions) {
    this.#transport = transport
    this.isServer = role === 'server'
    this.owner = owner
    this.budget = budget
    this.#lastStreamId = lastStreamId ?? usualLastStreamId
    this.noise = new Noise(now)
    this.output = new Output(transport, schedule)
    this.#frames = new FrameReader({ expectsPreface: this.isServer })
    if (!this.isServer) this.output.bytes(clientPreface, 0, clientPreface.length)
    this.output.settings(ourSettings[role])
    this.output.words(frameType.windowUpdate, 0, [connectionWindow - defaultWindow])
  }

  /** Bytes of the peer. Returns what is to be received once more, since so many frames were enough; undefined if it took all. */
  receive(chunk: Buffer, mostFrames?: number): Buffer | undefined {
    if (this.#isClosed) return undefined
    try {
      const end = this.#frames.read(chunk, this.#onFrame, mostFrames)
      if (this.output.backlog > mostBacklogBytes)
        throw new ConnectionError(errorCode.enhanceYourCalm, 'nothing is read')
      if (end < chunk.length) return chunk.subarray(end)
    } catch (error) {
      this.#fail(error)
    }
    return undefined
  }

  /** The transport has room again. */
  drained(): void {
    this.output.reclaim()
    this.#blocked.pump(() => this.sendWindow > 0 && !this.output.isFull)
  }

  /** The transport is gone. */
  lost(cause: string): void {
    this.#close({ code: errorCode.internalError, cause, isUntouched: false })
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** No more streams will be opened here: it is over, on its way, or out of ids. */
  get isSpent(): boolean {
    return this.#isClosed || this.#isLeaving || this.#nextId > this.#lastStreamId
  }

  /** A stream may be opened now. */
  get hasRoom(): boolean {
    return this.isReady && !this.isSpent && this.streams.size < this.peer.maxConcurrentStreams
  }

  /** Opens a stream with a request (client); only while there is room. */
  open(owner: StreamOwner, block: Buffer): Stream {
    const stream = new Stream(this.#nextId, owner, this, this.peer.initialWindow)
    this.#nextId += 2
    this.streams.add(stream)
    stream.sendHeaders(block, false)
    return stream
  }

  /** Ends it when its streams have ended. A server says so in two steps, so that no request is lost on its way (§6.8). */
  leave(): void {
    if (this.#isClosed || this.#isLeaving) return
    this.#isLeaving = true
    if (this.isServer) {
      this.#goaway(maxWindow, errorCode.noError)
      this.output.ping(drainPing, false)
    } else this.#endIfIdle()
  }

  /** The peer has answered the PING of `leave`: what it sent before it knew has come. */
  pinged(opaque: Buffer): void {
    if (!this.#isLeaving || !this.isServer || !opaque.equals(drainPing)) return
    this.#lastAcceptedId = this.#lastPeerId
    this.#goaway(this.#lastPeerId, errorCode.noError)
    this.#endIfIdle()
  }

  /** The peer leaves and has not looked at streams above `lastId`. */
  peerLeaves(lastId: number): void {
    this.#isLeaving = true
    if (!this.isServer) {
      for (const stream of this.streams.all()) {
        if (stream.id > lastId) this.end(stream, untouched('it leaves and has not looked at the call'))
      }
    }
    this.owner.changed()
    if (!this.isServer) this.#endIfIdle()
  }

  /** A stream that the peer opens; undefined if it must not be looked at. */
  accept(id: number): Stream | undefined {
    this.#lastPeerId = id
    if (id > this.#lastAcceptedId) {
      this.#resetIds.add(id)
      return undefined
    }
    const stream = new Stream(id, nobody, this, this.peer.initialWindow)
    if (this.streams.size >= maxConcurrentStreams) {
      this.resetStream(id, errorCode.refusedStream)
      return undefined
    }
    this.streams.add(stream)
    return stream
  }

  /** True if the stream has been opened by either side, whatever became of it. */
  isOpened(id: number): boolean {
    return id % 2 === 1 && (this.isServer ? id <= this.#lastPeerId : id < this.#nextId)
  }

  /** True if we have reset the stream, so that what still comes on it means nothing. */
  isReset(id: number): boolean {
    return this.#resetIds.has(id)
  }

  /** An error of the peer on one stream (§5.4.2). */
  streamError(id: number, code: number, cause: string): void {
    this.noise.add(`stream errors (${cause})`)
    const stream = this.streams.get(id)
    if (stream === undefined) this.resetStream(id, code)
    else {
      stream.reset(code)
      stream.owner.onClosed({ code, cause, isUntouched: false })
    }
  }

  /** Resets a stream that is not, or no more, in our books. */
  resetStream(id: number, code: number): void {
    this.output.words(frameType.rstStream, id, [code])
    this.#resetIds.add(id)
  }

  /** A stream that ends before its time, told by the peer. */
  end(stream: Stream, end: StreamEnd): void {
    stream.over()
    this.forget(stream, false)
    stream.owner.onClosed(end)
  }

  block(stream: Stream): void {
    this.#blocked.add(stream)
  }

  forget(stream: Stream, peerMayGoOn: boolean): void {
    this.streams.delete(stream.id)
    this.#blocked.remove(stream)
    if (peerMayGoOn) this.#resetIds.add(stream.id)
    if (this.#isLeaving) this.#endIfIdle()
    if (!this.isServer) this.owner.changed()
  }

  startBlock(block: Buffer): Buffer {
    if (!this.peer.owesTableUpdate) return block
    this.peer.owesTableUpdate = false
    return Buffer.concat([tableOfSizeZero, block])
  }

  #endIfIdle(): void {
    if (this.#isClosed || this.streams.size > 0) return
    // A server waits until the client knows that it leaves.
    if (this.isServer && this.#lastAcceptedId === maxWindow) return
    if (!this.isServer) this.#goaway(0, errorCode.noError)
    this.#close({ code: errorCode.noError, cause: 'it has left', isUntouched: false })
  }

  #fail(error: unknown): void {
    const isOurs = error instanceof ConnectionError
    const code = isOurs ? error.code : errorCode.internalError
    const text = error instanceof Error ? error.message : String(error)
    this.#goaway(Math.min(this.#lastPeerId, this.#lastAcceptedId), code, isOurs ? text : 'internal error')
    this.#close({ code, cause: `${errorName(code)}: ${text}`, isUntouched: false })
  }

  #goaway(lastId: number, code: number, debug = ''): void {
    this.output.words(frameType.goaway, 0, [lastId, code], Buffer.from(debug))
  }

  #close(end: StreamEnd): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.output.flush()
    if (end.code === errorCode.noError) this.#transport.end()
    else this.#transport.cut()
    this.#endAll(this.streams.all(), end)
  }

  /** Each of them is work for its owner, who may have hundreds. */
  #endAll(streams: readonly Stream[], end: StreamEnd): void {
    for (const stream of streams.slice(0, mostEndedPerTurn)) {
      // Its owner may have reset it meanwhile.
      if (this.streams.get(stream.id) === stream) this.end(stream, end)
    }
    const rest = streams.slice(mostEndedPerTurn)
    if (rest.length > 0) takeTurn(() => this.#endAll(rest, end))
    else this.owner.closed(end.cause)
  }
}

/** A size update (RFC 7541 §6.3). */
const tableOfSizeZero = Buffer.from([0x20])

/** Has a stream until somebody takes it. */
const nobody: StreamOwner = { onHeaders() {}, onData() {}, onSent() {}, onClosed() {} }

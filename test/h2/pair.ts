// Two connections of the engine, or one and a script, joined by memory: no sockets, no clock, every turn when the test says;
// but a connection that ends with more streams than it tells in one turn of the event loop tells the rest in later ones.

import type { Budget } from '../../src/h2/byte-queue.ts'
import { Connection, type ConnectionOwner } from '../../src/h2/connection.ts'
import { writeFields } from '../../src/h2/field-writer.ts'
import { FrameReader } from '../../src/h2/frame-reader.ts'
import { flag, frameType } from '../../src/h2/protocol.ts'

export const unlimited: Budget = { take: () => true, give: () => {} }

/** An end that collects what leaves it; nothing of it has been taken until `take`. */
export class End {
  readonly connection: Connection
  closedBecause: string | undefined
  nowMs = 0
  #out: Buffer[] = []
  #isSlow = false
  #flush: (() => void) | undefined

  constructor(role: 'client' | 'server', owner: Partial<ConnectionOwner> = {}, budget = unlimited) {
    const outOf = this
    this.connection = new Connection({
      role,
      budget,
      transport: {
        write: (bytes) => {
          outOf.#out.push(Buffer.from(bytes))
          return true
        },
        get writableLength() {
          return outOf.#isSlow ? outOf.#out.reduce((sum, bytes) => sum + bytes.length, 0) : 0
        },
        end() {},
        cut() {},
      },
      schedule: (flush) => {
        this.#flush = flush
      },
      now: () => this.nowMs,
      owner: {
        accept: owner.accept ?? (() => {}),
        changed: owner.changed ?? (() => {}),
        closed: (cause) => {
          this.closedBecause = cause
          owner.closed?.(cause)
        },
      },
    })
  }

  /** From now on the peer takes nothing until it is asked to. */
  beSlow(): void {
    this.#isSlow = true
  }

  /** What has left so far. */
  take(): Buffer {
    this.#flush?.()
    this.#flush = undefined
    const bytes = Buffer.concat(this.#out)
    this.#out = []
    return bytes
  }

  /** The frames that have left so far. */
  frames(): Frame[] {
    return framesOf(this.take())
  }
}

export interface Frame {
  readonly type: number
  readonly flags: number
  readonly streamId: number
  readonly payload: Buffer
}

export function framesOf(bytes: Buffer): Frame[] {
  const frames: Frame[] = []
  new FrameReader({ expectsPreface: false }).read(bytes, ({ type, flags, streamId, bytes: source, start, end }) => {
    frames.push({ type, flags, streamId, payload: Buffer.from(source.subarray(start, end)) })
  })
  return frames
}

export function frame(type: number, flags: number, streamId: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(streamId, 5)
  return Buffer.concat([head, payload])
}

export function word(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

export const settings = (...pairs: [id: number, value: number][]): Buffer =>
  frame(
    frameType.settings,
    0,
    0,
    Buffer.concat(pairs.map(([id, value]) => Buffer.concat([Buffer.from([0, id]), word(value)]))),
  )

export const settingsAck = frame(frameType.settings, flag.ack, 0)

export const requestBlock = (...fields: string[]): Buffer =>
  writeFields([':method', 'POST', ':scheme', 'http', ':path', '/a', ':authority', 'x', ...fields])

export const request = (streamId: number, isEnd: boolean, ...fields: string[]): Buffer =>
  frame(frameType.headers, flag.endHeaders | (isEnd ? flag.endStream : 0), streamId, requestBlock(...fields))

export const data = (streamId: number, bytes: Buffer, isEnd = false): Buffer =>
  frame(frameType.data, isEnd ? flag.endStream : 0, streamId, bytes)

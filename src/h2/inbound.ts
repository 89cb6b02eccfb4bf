// What the frames of a peer need of the connection, and what several of them have in common.

import type { FieldReader } from './field-reader.ts'
import type { FieldSection } from './field-section.ts'
import type { FrameReader } from './frame-reader.ts'
import type { Noise } from './noise.ts'
import type { Output } from './output.ts'
import { ConnectionError, errorCode, flag } from './protocol.ts'
import type { PeerSettings } from './settings.ts'
import type { Stream, StreamEnd } from './stream.ts'
import type { StreamTable } from './stream-table.ts'

/** The connection as its frames see it. */
export interface Inbound {
  readonly isServer: boolean
  readonly streams: StreamTable
  readonly fields: FieldReader
  readonly output: Output
  readonly peer: PeerSettings
  readonly noise: Noise
  readonly owner: {
    accept(stream: Stream, section: FieldSection, isEnd: boolean): void
    changed(): void
  }
  isReady: boolean
  sendWindow: number
  receiveWindow: number
  /** A block that has not come to its end; no other frame may come before (§6.10). */
  unfinished: UnfinishedBlock | undefined
  accept(id: number): Stream | undefined
  isOpened(id: number): boolean
  isReset(id: number): boolean
  streamError(id: number, code: number, cause: string): void
  end(stream: Stream, end: StreamEnd): void
  drained(): void
  pinged(opaque: Buffer): void
  peerLeaves(lastId: number): void
}

export interface UnfinishedBlock {
  readonly streamId: number
  readonly isEnd: boolean
  readonly fragments: Buffer[]
  bytes: number
}

/** Leaves of the payload what lies between the length of the padding and the padding (§6.1, §6.2). */
export function stripPadding(frame: FrameReader): void {
  if ((frame.flags & flag.padded) === 0) return
  if (frame.start === frame.end) throw wrongSize('a padded frame')
  const padding = frame.bytes[frame.start] as number
  frame.start += 1
  frame.end -= padding
  if (frame.end < frame.start) throw broken('more padding than payload')
}

/** Priorities are ignored (§5.3.2); of their rules this one is kept, from RFC 7540 §5.3.1. */
export function refuseSelfDependency({ streamId, bytes, start, end }: FrameReader): void {
  if (end - start < 5) throw wrongSize('a priority')
  if ((bytes.readUInt32BE(start) & 0x7fff_ffff) === streamId) throw broken('a stream that depends on itself')
}

export const broken = (what: string) => new ConnectionError(errorCode.protocolError, what)
export const wrongSize = (what: string) => new ConnectionError(errorCode.frameSizeError, `${what} of a wrong length`)

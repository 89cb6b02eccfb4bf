// What each frame of the peer means: the rules that hold for all of them, and the table of types (RFC 9113 §6).

import { onGoaway, onPing, onPriority, onPushPromise, onRstStream, onSettings, onWindowUpdate } from './control.ts'
import type { FrameReader } from './frame-reader.ts'
import { broken, type Inbound } from './inbound.ts'
import { onContinuation, onData, onHeaders } from './messages.ts'
import { flag, frameType } from './protocol.ts'

/** By type of frame. */
const handlers = [
  onData,
  onHeaders,
  onPriority,
  onRstStream,
  onSettings,
  onPushPromise,
  onPing,
  onGoaway,
  onWindowUpdate,
  onContinuation,
]

/** Throws a ConnectionError where the whole connection is to end. */
export function receiveFrame(connection: Inbound, frame: FrameReader): void {
  const { unfinished } = connection
  if (unfinished && (frame.type !== frameType.continuation || frame.streamId !== unfinished.streamId))
    throw broken('another frame within a block of fields')
  if (!connection.isReady && (frame.type !== frameType.settings || frame.flags & flag.ack))
    throw broken('the first frame is not SETTINGS')
  const handle = handlers[frame.type]
  if (handle === undefined) connection.noise.add('unknown frames')
  else handle(connection, frame)
}

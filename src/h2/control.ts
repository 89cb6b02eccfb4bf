// The frames that steer streams and the connection (RFC 9113 §6.3 to §6.9).

import type { FrameReader } from './frame-reader.ts'
import { broken, type Inbound, refuseSelfDependency, wrongSize } from './inbound.ts'
import { ConnectionError, errorCode, errorName, flag, maxWindow } from './protocol.ts'

/** §6.3: ignored, but for its form. */
export function onPriority(connection: Inbound, frame: FrameReader): void {
  if (frame.streamId === 0) throw broken('PRIORITY on stream 0')
  if (frame.end - frame.start !== 5) throw wrongSize('PRIORITY')
  refuseSelfDependency(frame)
  connection.noise.add('PRIORITY')
}

/** §6.4 */
export function onRstStream(connection: Inbound, { streamId, bytes, start, end }: FrameReader): void {
  if (end - start !== 4) throw wrongSize('RST_STREAM')
  if (!connection.isOpened(streamId)) throw broken('RST_STREAM on a stream that nobody has opened')
  // A client can be made to work by resets (CVE-2023-44487), and only by those of streams that others open.
  if (connection.isServer) connection.noise.add('RST_STREAM')
  const stream = connection.streams.get(streamId)
  if (stream === undefined) return
  const code = bytes.readUInt32BE(start)
  const isUntouched = code === errorCode.refusedStream
  connection.end(stream, { code, cause: `it reset the stream: ${errorName(code)}`, isUntouched })
}

/** §6.5 */
export function onSettings(connection: Inbound, frame: FrameReader): void {
  const { bytes, start, end } = frame
  if (frame.streamId !== 0) throw broken('SETTINGS on a stream')
  connection.noise.add('SETTINGS')
  if (frame.flags & flag.ack) {
    if (start !== end) throw wrongSize('SETTINGS')
    connection.fields.table.close()
    return
  }
  const { peer } = connection
  const before = peer.initialWindow
  peer.take(bytes, start, end)
  connection.output.settingsAck()
  connection.isReady = true
  resizeWindows(connection, peer.initialWindow - before)
  connection.owner.changed()
}

/** The window of every open stream moves with the one that streams begin with (§6.9.2). */
function resizeWindows(connection: Inbound, bytes: number): void {
  if (bytes === 0) return
  for (const stream of connection.streams.all()) {
    if (!stream.widen(bytes)) throw new ConnectionError(errorCode.flowControlError, 'a window too large')
    stream.pump()
  }
}

/** §6.6: we ask for none, and a client may not send any. */
export function onPushPromise(): void {
  throw broken('PUSH_PROMISE')
}

/** §6.7 */
export function onPing(connection: Inbound, { streamId, flags, bytes, start, end }: FrameReader): void {
  if (streamId !== 0) throw broken('PING on a stream')
  if (end - start !== 8) throw wrongSize('PING')
  connection.noise.add('PING')
  const opaque = bytes.subarray(start, end)
  if (flags & flag.ack) connection.pinged(opaque)
  else connection.output.ping(opaque, true)
}

/** §6.8 */
export function onGoaway(connection: Inbound, { streamId, bytes, start, end }: FrameReader): void {
  if (streamId !== 0) throw broken('GOAWAY on a stream')
  if (end - start < 8) throw wrongSize('GOAWAY')
  connection.noise.add('GOAWAY')
  connection.peerLeaves(bytes.readUInt32BE(start) & 0x7fff_ffff)
}

/** §6.9 */
export function onWindowUpdate(connection: Inbound, { streamId, bytes, start, end }: FrameReader): void {
  if (end - start !== 4) throw wrongSize('WINDOW_UPDATE')
  const increment = bytes.readUInt32BE(start) & 0x7fff_ffff
  if (streamId === 0) {
    if (increment === 0) throw broken('WINDOW_UPDATE of nothing')
    connection.sendWindow += increment
    if (connection.sendWindow > maxWindow) throw new ConnectionError(errorCode.flowControlError, 'a window too large')
    connection.drained()
    return
  }
  if (!connection.isOpened(streamId)) throw broken('WINDOW_UPDATE on a stream that nobody has opened')
  const stream = connection.streams.get(streamId)
  if (increment === 0) connection.streamError(streamId, errorCode.protocolError, 'WINDOW_UPDATE of nothing')
  else if (stream?.widen(increment) === false) {
    connection.streamError(streamId, errorCode.flowControlError, 'a window too large')
  } else stream?.pump()
}

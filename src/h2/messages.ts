// The frames that carry requests and responses (RFC 9113 §8.1): DATA, HEADERS and CONTINUATION.

import { type FieldSection, readSection, type SectionKind } from './field-section.ts'
import type { FrameReader } from './frame-reader.ts'
import { broken, type Inbound, refuseSelfDependency, stripPadding, type UnfinishedBlock } from './inbound.ts'
import { ConnectionError, errorCode, flag, frameType } from './protocol.ts'
import { connectionWindow, maxFieldBytes } from './settings.ts'
import type { Stream } from './stream.ts'

/** Frames that one block may come in. Its bytes are bounded by `maxFieldBytes`. */
const maxFragments = 64

/** §6.1 */
export function onData(connection: Inbound, frame: FrameReader): void {
  const { streamId } = frame
  const size = frame.end - frame.start
  if (!connection.isOpened(streamId)) throw broken('DATA on a stream that nobody has opened')
  stripPadding(frame)
  takeConnectionCredit(connection, size)
  if (frame.start === frame.end && (frame.flags & flag.endStream) === 0) connection.noise.add('empty DATA')
  else connection.noise.makeUp()
  const stream = connection.streams.get(streamId)
  if (stream !== undefined && !stream.isRemoteEnded) takeData(connection, stream, frame, size)
  else if (!connection.isReset(streamId)) {
    connection.streamError(streamId, errorCode.streamClosed, 'DATA after the end of the stream')
  }
}

/** `size` is what the frame counts in windows, padding and all (§6.9.1). */
function takeData(connection: Inbound, stream: Stream, { bytes, start, end, flags }: FrameReader, size: number): void {
  const isEnd = (flags & flag.endStream) !== 0
  stream.receiveWindow -= size
  if (stream.receiveWindow < 0) {
    connection.streamError(stream.id, errorCode.flowControlError, 'DATA beyond the window of the stream')
  } else if (!stream.hasSection) {
    connection.streamError(stream.id, errorCode.protocolError, 'DATA before HEADERS')
  } else if (!keepsPromise(stream, end - start, isEnd)) {
    connection.streamError(stream.id, errorCode.protocolError, 'DATA other than content-length says')
  } else {
    stream.isRemoteEnded = isEnd
    stream.credit(size - (end - start))
    stream.owner.onData(bytes, start, end, isEnd)
    if (isEnd) stream.settle()
  }
}

/** Also DATA of a stream that is no more counts. The connection has its credit back at once. */
function takeConnectionCredit(connection: Inbound, bytes: number): void {
  connection.receiveWindow -= bytes
  if (connection.receiveWindow < 0)
    throw new ConnectionError(errorCode.flowControlError, 'DATA beyond the window of the connection')
  if (connection.receiveWindow > connectionWindow / 2) return
  connection.output.words(frameType.windowUpdate, 0, [connectionWindow - connection.receiveWindow])
  connection.receiveWindow = connectionWindow
}

/** DATA that does not add up to content-length is malformed (§8.1.1). */
function keepsPromise(stream: Stream, bytes: number, isEnd: boolean): boolean {
  if (stream.promised < 0) return true
  stream.promised -= bytes
  return isEnd ? stream.promised === 0 : stream.promised >= 0
}

/** §6.2 */
export function onHeaders(connection: Inbound, frame: FrameReader): void {
  const { streamId } = frame
  if (streamId === 0) throw broken('HEADERS on stream 0')
  stripPadding(frame)
  if (frame.flags & flag.priority) {
    refuseSelfDependency(frame)
    frame.start += 5
  }
  const isEnd = (frame.flags & flag.endStream) !== 0
  if (frame.flags & flag.endHeaders) {
    connection.fields.begin(frame.bytes, frame.start, frame.end)
    onBlock(connection, streamId, isEnd)
  } else {
    connection.unfinished = { streamId, isEnd, fragments: [], bytes: 0 }
    addFragment(connection.unfinished, frame)
  }
}

/** §6.10 */
export function onContinuation(connection: Inbound, frame: FrameReader): void {
  const { unfinished } = connection
  if (unfinished === undefined) throw broken('CONTINUATION without HEADERS')
  addFragment(unfinished, frame)
  if ((frame.flags & flag.endHeaders) === 0) return
  connection.unfinished = undefined
  connection.fields.begin(Buffer.concat(unfinished.fragments), 0, unfinished.bytes)
  onBlock(connection, unfinished.streamId, unfinished.isEnd)
}

function addFragment(block: UnfinishedBlock, { bytes, start, end }: FrameReader): void {
  block.bytes += end - start
  if (block.bytes > maxFieldBytes || block.fragments.length >= maxFragments)
    throw new ConnectionError(errorCode.enhanceYourCalm, 'a block of fields without end')
  block.fragments.push(Buffer.from(bytes.subarray(start, end)))
}

/** A block is read whatever becomes of its stream: it may change the table that the next one needs (§4.3). */
function onBlock(connection: Inbound, streamId: number, isEnd: boolean): void {
  const stream = connection.streams.get(streamId)
  if (stream === undefined) onBlockWithoutStream(connection, streamId, isEnd)
  else if (stream.isRemoteEnded) {
    readSection(connection.fields, 'trailers', maxFieldBytes)
    connection.streamError(streamId, errorCode.streamClosed, 'HEADERS after the end of the stream')
  } else onNextSection(connection, stream, isEnd)
}

/** A response, interim or not, or trailers. */
function onNextSection(connection: Inbound, stream: Stream, isEnd: boolean): void {
  const kind: SectionKind = connection.isServer || stream.hasSection ? 'trailers' : 'response'
  const section = readSection(connection.fields, kind, maxFieldBytes)
  const isInPlace = section.isInterim ? !isEnd : kind === 'response' || isEnd
  const fault = section.fault ?? (isInPlace ? takeSection(stream, section, isEnd) : 'HEADERS out of place')
  if (fault !== undefined) connection.streamError(stream.id, errorCode.protocolError, fault)
  else {
    stream.owner.onHeaders(section, isEnd)
    if (isEnd) stream.settle()
  }
}

/** Notes what the section says of its stream; returns what is wrong with it. */
function takeSection(stream: Stream, section: FieldSection, isEnd: boolean): string | undefined {
  if (!section.isInterim && !stream.hasSection) {
    stream.hasSection = true
    stream.promised = section.contentLength
  }
  if (isEnd) stream.isRemoteEnded = true
  return isEnd && !keepsPromise(stream, 0, true) ? 'less DATA than content-length says' : undefined
}

function onBlockWithoutStream(connection: Inbound, streamId: number, isEnd: boolean): void {
  const section = readSection(connection.fields, connection.isServer ? 'request' : 'trailers', maxFieldBytes)
  if (connection.isOpened(streamId)) {
    // What crosses our reset on its way means nothing.
    if (connection.isServer && !connection.isReset(streamId))
      throw new ConnectionError(errorCode.streamClosed, 'HEADERS on a stream that is over')
    return
  }
  if (!connection.isServer || streamId % 2 === 0) throw broken('HEADERS on a stream that is not the peer’s to open')
  const stream = connection.accept(streamId)
  if (stream === undefined) return
  const fault = section.fault ?? takeSection(stream, section, isEnd)
  if (fault !== undefined) connection.streamError(streamId, errorCode.protocolError, fault)
  else connection.owner.accept(stream, section, isEnd)
}

// Cuts what arrives into frames (RFC 9113 §4.1). A frame is looked at where it lies; only one that two reads share is copied.

import { ConnectionError, clientPreface, errorCode, frameHeaderBytes, maxFrameSize } from './protocol.ts'

/** Of HEADERS, and of DATA of an event of 1 KiB. What is larger counts for several. */
const usualFrameBytes = 512

/**
 * Reads frames and is the frame under way: `type`, `flags`, `streamId`, and a payload that lies in `bytes` from `start`
 * to `end`. All of it is good until the callback returns.
 */
export class FrameReader {
  type = 0
  flags = 0
  streamId = 0
  bytes: Buffer = clientPreface
  start = 0
  end = 0

  #prefaceLeft: number
  /** The beginning of a frame whose end has not come yet. */
  #partial: Buffer | undefined
  #partialLength = 0

  constructor({ expectsPreface }: { readonly expectsPreface: boolean }) {
    this.#prefaceLeft = expectsPreface ? clientPreface.length : 0
  }

  /**
   * Calls `onFrame` for each frame that is complete, for `most` of them or one more, and fewer if they are large. Returns where it
   * stopped: what comes behind is to be read once more. Throws a ConnectionError, its own or that of `onFrame`.
   */
  read(chunk: Buffer, onFrame: (frame: FrameReader) => void, most = Number.POSITIVE_INFINITY): number {
    let at = this.#prefaceLeft > 0 ? this.#readPreface(chunk) : 0
    if (this.#partialLength > 0) at = this.#completePartial(chunk, at, onFrame)
    for (let count = 0; chunk.length - at >= frameHeaderBytes; count += 1) {
      const end = at + frameHeaderBytes + payloadLength(chunk, at)
      if (end > chunk.length) break
      if (count >= most || at >= most * usualFrameBytes) return at
      this.#frame(chunk, at, end, onFrame)
      at = end
    }
    if (at < chunk.length) this.#keep(chunk, at, chunk.length)
    return chunk.length
  }

  #readPreface(chunk: Buffer): number {
    const begin = clientPreface.length - this.#prefaceLeft
    const length = Math.min(this.#prefaceLeft, chunk.length)
    if (chunk.compare(clientPreface, begin, begin + length, 0, length) !== 0)
      throw new ConnectionError(errorCode.protocolError, 'this is not HTTP/2 with prior knowledge')
    this.#prefaceLeft -= length
    return length
  }

  /** Takes from `chunk` what the frame of an earlier read lacks. */
  #completePartial(chunk: Buffer, from: number, onFrame: (frame: FrameReader) => void): number {
    const partial = this.#partial as Buffer
    const headerLack = frameHeaderBytes - this.#partialLength
    const at = headerLack > 0 ? this.#keep(chunk, from, Math.min(chunk.length, from + headerLack)) : from
    if (this.#partialLength < frameHeaderBytes) return at
    const length = frameHeaderBytes + payloadLength(partial, 0)
    const next = this.#keep(chunk, at, Math.min(chunk.length, at + length - this.#partialLength))
    if (this.#partialLength < length) return next
    this.#partialLength = 0
    this.#frame(partial, 0, length, onFrame)
    return next
  }

  #keep(chunk: Buffer, start: number, end: number): number {
    this.#partial ??= Buffer.allocUnsafe(frameHeaderBytes + maxFrameSize)
    chunk.copy(this.#partial, this.#partialLength, start, end)
    this.#partialLength += end - start
    return end
  }

  #frame(bytes: Buffer, at: number, end: number, onFrame: (frame: FrameReader) => void): void {
    this.type = bytes[at + 3] as number
    this.flags = bytes[at + 4] as number
    // The highest bit is reserved and ignored.
    this.streamId = bytes.readUInt32BE(at + 5) & 0x7fff_ffff
    this.bytes = bytes
    this.start = at + frameHeaderBytes
    this.end = end
    onFrame(this)
  }
}

function payloadLength(bytes: Buffer, at: number): number {
  const length = bytes.readUIntBE(at, 3)
  if (length > maxFrameSize) throw new ConnectionError(errorCode.frameSizeError, `a frame of ${length} bytes`)
  return length
}

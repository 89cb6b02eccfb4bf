// What the two ends of a connection tell each other in SETTINGS (RFC 9113 §6.5).

import { ConnectionError, defaultWindow, errorCode, maxWindow, setting } from './protocol.ts'

/** Window of one stream, in bytes: what a peer may send before somebody takes it. */
export const streamWindow = 256 * 1024

/** Window of a connection, in bytes. It is opened again on receipt, so a slow stream cannot close it for the others. */
export const connectionWindow = 1024 * 1024

/** Streams that a peer may have open. daprd opens up to 2,048 on one connection (dapr pkg/api/grpc/manager/pool.go). */
export const maxConcurrentStreams = 4096

/** Fields of one section, as SETTINGS_MAX_HEADER_LIST_SIZE counts them. A block in HPACK is never larger. */
export const maxFieldBytes = 64 * 1024

/**
 * What we tell every peer. With a table of size 0 each block that comes refers to nothing but the static table and
 * itself, so it can go on as it is.
 */
export const ourSettings = {
  client: [
    [setting.headerTableSize, 0],
    [setting.enablePush, 0],
    [setting.initialWindowSize, streamWindow],
    [setting.maxHeaderListSize, maxFieldBytes],
  ],
  server: [
    [setting.headerTableSize, 0],
    [setting.maxConcurrentStreams, maxConcurrentStreams],
    [setting.initialWindowSize, streamWindow],
    [setting.maxHeaderListSize, maxFieldBytes],
  ],
} as const

/** What the peer told us, as far as it matters: our frames are small enough for anybody, and our blocks need no table. */
export class PeerSettings {
  /** Until the peer says otherwise there is no limit (§6.5.2). */
  maxConcurrentStreams = Number.POSITIVE_INFINITY
  initialWindow = defaultWindow
  /** A change of the table's size has to be answered in the next block (RFC 7541 §4.2), even though we have none. */
  owesTableUpdate = true

  /** Takes the payload of a SETTINGS frame, from `start` to `end`. */
  take(payload: Buffer, start: number, end: number): void {
    if ((end - start) % 6 !== 0) throw new ConnectionError(errorCode.frameSizeError, 'SETTINGS of a wrong length')
    for (let at = start; at < end; at += 6) this.#takeOne(payload.readUInt16BE(at), payload.readUInt32BE(at + 2))
  }

  #takeOne(id: number, value: number): void {
    switch (id) {
      case setting.headerTableSize:
        this.owesTableUpdate = true
        return
      case setting.enablePush:
        if (value > 1) throw new ConnectionError(errorCode.protocolError, `SETTINGS_ENABLE_PUSH of ${value}`)
        return
      case setting.maxConcurrentStreams:
        this.maxConcurrentStreams = value
        return
      case setting.initialWindowSize:
        if (value > maxWindow) throw new ConnectionError(errorCode.flowControlError, `an initial window of ${value}`)
        this.initialWindow = value
        return
      case setting.maxFrameSize:
        if (value < 2 ** 14 || value >= 2 ** 24)
          throw new ConnectionError(errorCode.protocolError, `SETTINGS_MAX_FRAME_SIZE of ${value}`)
    }
  }
}

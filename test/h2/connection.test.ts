// What a server of the engine does with a client that breaks the rules, or floods it: RFC 9113 in frames.

import { describe, expect, test } from 'vitest'
import type { Budget } from '../../src/h2/byte-queue.ts'
import { writeFields } from '../../src/h2/field-writer.ts'
import { mostNoise } from '../../src/h2/noise.ts'
import { clientPreface, errorCode, flag, frameType, setting } from '../../src/h2/protocol.ts'
import { connectionWindow, maxConcurrentStreams, streamWindow } from '../../src/h2/settings.ts'
import type { Stream, StreamEnd } from '../../src/h2/stream.ts'
import { data, End, type Frame, frame, framesOf, request, requestBlock, settings, settingsAck, word } from './pair.ts'

interface Server extends End {
  readonly streams: Stream[]
  readonly ended: Map<number, StreamEnd>
  readonly received: Map<number, number>
}

/** A server that takes everything and answers nothing; the client has greeted it. */
function startServer({ greeting = settings(), budget }: { greeting?: Buffer; budget?: Budget } = {}): Server {
  const streams: Stream[] = []
  const ended = new Map<number, StreamEnd>()
  const received = new Map<number, number>()
  const accept = (stream: Stream) => {
    streams.push(stream)
    stream.owner = {
      onHeaders() {},
      onData: (_bytes, start, end) => received.set(stream.id, (received.get(stream.id) ?? 0) + end - start),
      onSent() {},
      onClosed: (end) => ended.set(stream.id, end),
    }
  }
  const server = Object.assign(new End('server', { accept }, budget), { streams, ended, received })
  server.connection.receive(Buffer.concat([clientPreface, greeting, settingsAck]))
  server.take()
  return server
}

const goawayCode = (frames: Frame[]) => frames.find(({ type }) => type === frameType.goaway)?.payload.readUInt32BE(4)
const resets = (frames: Frame[]) =>
  frames
    .filter(({ type }) => type === frameType.rstStream)
    .map((reset) => [reset.streamId, reset.payload.readUInt32BE(0)])

const receive = (server: End, ...bytes: Buffer[]) => {
  server.connection.receive(Buffer.concat(bytes))
  return server.frames()
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

describe('the end of a connection with hundreds of calls', () => {
  const lost = async () => {
    const server = startServer()
    for (let i = 0; i < 100; i += 1) server.connection.receive(request(2 * i + 1, true))
    server.connection.lost('gone')
    return server
  }

  test('is told to some of them in a turn, and others come to word between', async () => {
    const server = await lost()
    const told = [[server.ended.size, server.closedBecause]]
    for (let i = 0; i < 6; i += 1) {
      await turn()
      told.push([server.ended.size, server.closedBecause])
    }

    expect(told).toEqual([
      [16, undefined],
      [32, undefined],
      [48, undefined],
      [64, undefined],
      [80, undefined],
      [96, undefined],
      [100, 'gone'],
    ])
  })

  test('is not told to those who have given up meanwhile', async () => {
    const server = await lost()
    server.streams.at(-1)?.reset(errorCode.cancel)
    for (let i = 0; i < 6; i += 1) await turn()

    expect(server.ended.has(199)).toBe(false)
    expect(server.ended.size).toBe(99)
    expect(server.closedBecause).toBe('gone')
  })
})

describe('a flood ends with ENHANCE_YOUR_CALM', () => {
  const flood = (server: End, each: (i: number) => Buffer, count: number) => {
    for (let i = 0; i < count && server.closedBecause === undefined; i += 1) server.connection.receive(each(i))
    return goawayCode(server.frames())
  }

  test.each<[string, (i: number) => Buffer]>([
    [
      'rapid reset',
      (i) => Buffer.concat([request(2 * i + 1, true), frame(frameType.rstStream, 0, 2 * i + 1, word(8))]),
    ],
    ['SETTINGS', () => settings()],
    ['PING', () => frame(frameType.ping, 0, 0, Buffer.alloc(8))],
    ['PRIORITY', () => frame(frameType.priority, 0, 1, Buffer.alloc(5))],
    ['unknown frames', () => frame(99, 0, 0)],
    ['malformed requests', (i) => request(2 * i + 1, true, 'connection', 'close')],
  ])('%s', (_what, each) => {
    expect(flood(startServer(), each, 2 * mostNoise)).toBe(errorCode.enhanceYourCalm)
  })

  test('empty DATA', () => {
    const server = startServer()
    receive(server, request(1, false))
    expect(flood(server, () => data(1, Buffer.alloc(0)), 2 * mostNoise)).toBe(errorCode.enhanceYourCalm)
  })

  test('CONTINUATION', () => {
    const server = startServer()
    receive(server, frame(frameType.headers, 0, 1, requestBlock()))
    const fragment = frame(frameType.continuation, 0, 1, Buffer.from([0x82]))
    expect(flood(server, () => fragment, 1000)).toBe(errorCode.enhanceYourCalm)
  })

  test('CONTINUATION of large blocks', () => {
    const server = startServer()
    receive(server, frame(frameType.headers, 0, 1, requestBlock()))
    const fragment = frame(frameType.continuation, 0, 1, Buffer.alloc(16_384, 0x82))
    expect(flood(server, () => fragment, 10)).toBe(errorCode.enhanceYourCalm)
  })

  test('a client that asks and never reads', () => {
    const server = startServer()
    server.beSlow()
    const ping = frame(frameType.ping, 0, 0, Buffer.alloc(8))
    const big = writeFields([':status', '200', 'x', 'y'.repeat(8000)])
    let streams = 0
    while (server.closedBecause === undefined && streams < 10_000) {
      server.connection.receive(request(2 * streams + 1, true))
      server.streams.at(-1)?.sendHeaders(big, true)
      streams += 1
    }
    server.connection.receive(ping)
    expect(server.closedBecause).toContain('nothing is read')
    // It is over at 8 MiB.
    expect(streams).toBeLessThan(1200)
  })

  test('a server of grpc-go that measures with a PING for each DATA is none', () => {
    const server = startServer()
    receive(server, request(1, false))
    for (let i = 0; i < 3 * mostNoise; i += 1) {
      server.connection.receive(
        Buffer.concat([data(1, Buffer.from('x')), frame(frameType.ping, 0, 0, Buffer.alloc(8))]),
      )
      server.streams[0]?.credit(1)
    }
    expect(server.closedBecause).toBeUndefined()
  })

  test('all of the calls of daprd may be cancelled at once', () => {
    const server = startServer()
    for (let i = 0; i < 2048; i += 1) server.connection.receive(request(2 * i + 1, true))
    for (let i = 0; i < 2048; i += 1) server.connection.receive(frame(frameType.rstStream, 0, 2 * i + 1, word(8)))
    expect([server.closedBecause, server.ended.size]).toEqual([undefined, 2048])
  })

  test('noise is forgotten with time', () => {
    const server = startServer()
    for (let second = 0; second < 20; second += 1) {
      for (let i = 0; i < 900; i += 1) server.connection.receive(settings())
      server.nowMs += 1000
      server.take()
    }
    expect(server.closedBecause).toBeUndefined()
  })
})

describe('a table is referred to again and again', () => {
  // The ACK has not come yet, so the client may use a table of 4,096 bytes.
  function send(references: number) {
    const accepted: number[] = []
    const server = new End('server', { accept: ({ id }) => accepted.push(id) })
    server.connection.receive(Buffer.concat([clientPreface, settings()]))
    server.take()
    const entry = Buffer.concat([Buffer.from([0x40, 1, 0x61, 0x7f, 0xa1, 0x1e]), Buffer.alloc(4000, 0x62)])
    const flags = flag.endHeaders | flag.endStream
    receive(server, frame(frameType.headers, flags, 1, Buffer.concat([requestBlock(), entry])))
    const block = Buffer.concat([requestBlock(), Buffer.alloc(references, 0xbe)])
    return { server, accepted, frames: receive(server, frame(frameType.headers, flags, 3, block)) }
  }

  test('a section somewhat too large is refused, and harms no other stream', () => {
    const { server, accepted, frames } = send(50)

    expect(resets(frames)).toEqual([[3, errorCode.protocolError]])
    expect(accepted).toEqual([1])
    expect(server.closedBecause).toBeUndefined()
  })

  test('an HPACK bomb ends the connection, and is not read to its end', () => {
    expect(send(16_000).server.closedBecause).toContain('enhanceYourCalm')
  })
})

describe('windows', () => {
  test('DATA beyond the window of the stream ends the stream', () => {
    const server = startServer()
    const chunk = data(1, Buffer.alloc(16_384))
    const frames = receive(server, request(1, false), ...Array.from({ length: streamWindow / 16_384 + 1 }, () => chunk))
    expect(resets(frames)).toEqual([[1, errorCode.flowControlError]])
    expect(server.ended.has(1)).toBe(true)
  })

  test('the window of the connection opens again on receipt, also for streams that were reset, padding and all', () => {
    const server = startServer()
    let given = connectionWindow
    receive(server, request(1, false), request(3, false))
    server.streams[0]?.reset(errorCode.cancel)
    const padded = frame(frameType.data, flag.padded, 1, Buffer.concat([Buffer.from([255]), Buffer.alloc(16_000)]))
    for (let i = 0; i < 200; i += 1) {
      given -= 16_001
      expect(given).toBeGreaterThan(0)
      for (const { type, streamId, payload } of receive(server, padded)) {
        if (type === frameType.windowUpdate && streamId === 0) given += payload.readUInt32BE(0)
      }
    }
    expect(server.closedBecause).toBeUndefined()
  })

  test('a window above 2^31-1 ends the stream, or the connection', () => {
    const server = startServer()
    const increase = (streamId: number) => frame(frameType.windowUpdate, 0, streamId, word(2 ** 31 - 1))
    expect(resets(receive(server, request(1, false), increase(1), increase(1)))).toEqual([
      [1, errorCode.flowControlError],
    ])
    expect(goawayCode(receive(server, increase(0), increase(0)))).toBe(errorCode.flowControlError)
  })

  test('a window that SETTINGS make negative holds DATA back until it is positive again (§6.9.2)', () => {
    const server = startServer({ greeting: settings([setting.initialWindowSize, 100]) })
    receive(server, request(1, true))
    server.streams[0]?.sendHeaders(writeFields([':status', '200']), false)
    server.streams[0]?.sendData(Buffer.alloc(150, 1), 0, 150, true)
    const lengths = (frames: Frame[]) =>
      frames.filter(({ type }) => type === frameType.data).map((f) => f.payload.length)
    expect(lengths(server.frames())).toEqual([100])
    expect(lengths(receive(server, settings([setting.initialWindowSize, 10])))).toEqual([])
    expect(lengths(receive(server, frame(frameType.windowUpdate, 0, 1, word(90))))).toEqual([])
    expect(lengths(receive(server, frame(frameType.windowUpdate, 0, 1, word(20))))).toEqual([20])
    expect(lengths(receive(server, settings([setting.initialWindowSize, 1000])))).toEqual([30])
  })

  test('a message as large as the window does not hold the small ones of others back', () => {
    const server = startServer({ greeting: settings([setting.initialWindowSize, 2 ** 20]) })
    receive(server, request(1, true), request(3, true))
    for (const stream of server.streams) stream.sendHeaders(writeFields([':status', '200']), false)
    server.streams[0]?.sendData(Buffer.alloc(500_000), 0, 500_000, true)
    server.streams[1]?.sendData(Buffer.alloc(100), 0, 100, true)
    const before = server.frames().filter(({ type }) => type === frameType.data)
    expect(before.reduce((sum, { payload }) => sum + payload.length, 0)).toBe(65_535)
    const after = receive(server, frame(frameType.windowUpdate, 0, 0, word(50_000)))
    expect(after.some(({ streamId }) => streamId === 3)).toBe(true)
  })
})

test('what a peer does not take is bounded by the budget, and given back when its stream is over', () => {
  let taken = 0
  const budget = {
    take: (bytes: number) => {
      if (taken + bytes > 100_000) return false
      taken += bytes
      return true
    },
    give: (bytes: number) => {
      taken -= bytes
    },
  }
  const server = startServer({ greeting: settings([setting.initialWindowSize, 0]), budget })
  receive(server, request(1, true))
  const [stream] = server.streams as [Stream]
  stream.sendHeaders(writeFields([':status', '200']), false)
  expect(stream.sendData(Buffer.alloc(60_000), 0, 60_000, false)).toBe(true)
  expect(stream.sendData(Buffer.alloc(60_000), 0, 60_000, false)).toBe(false)
  expect(taken).toBe(60_000)
  receive(server, frame(frameType.rstStream, 0, 1, word(8)))
  expect(taken).toBe(0)
})

describe('leaving', () => {
  const goaways = (frames: Frame[]) =>
    frames.filter(({ type }) => type === frameType.goaway).map(({ payload }) => payload.readUInt32BE(0))

  test('a server says so in two steps, and takes what was under way in between', () => {
    const server = startServer()
    receive(server, request(1, true))
    server.connection.leave()
    const first = server.frames()
    expect(goaways(first)).toEqual([2 ** 31 - 1])
    const ping = first.find(({ type }) => type === frameType.ping) as Frame
    // Sent before the client knew.
    receive(server, request(3, true))
    expect(server.streams.map(({ id }) => id)).toEqual([1, 3])
    expect(goaways(receive(server, frame(frameType.ping, flag.ack, 0, ping.payload)))).toEqual([3])
    // Sent although it knew: not looked at, and no error either.
    receive(server, request(5, false), data(5, Buffer.from('x'), true))
    expect(server.streams).toHaveLength(2)
    for (const stream of server.streams) stream.sendHeaders(writeFields([':status', '200']), true)
    expect(server.closedBecause).toBe('it has left')
  })

  test('of a server that leaves a client knows which streams have not been looked at', () => {
    const ends = new Map<number, StreamEnd>()
    const client = new End('client')
    client.connection.receive(settings())
    for (const id of [1, 3, 5]) {
      const owner = { onHeaders() {}, onData() {}, onSent() {}, onClosed: (end: StreamEnd) => void ends.set(id, end) }
      client.connection.open(owner, requestBlock())
    }
    client.connection.receive(frame(frameType.goaway, 0, 0, Buffer.concat([word(3), word(0)])))
    expect([...ends].map(([id, { isUntouched }]) => [id, isUntouched])).toEqual([[5, true]])
    expect(client.connection.hasRoom).toBe(false)
    client.connection.lost('gone')
    expect([...ends].map(([id, { isUntouched }]) => [id, isUntouched])).toEqual([
      [5, true],
      [1, false],
      [3, false],
    ])
  })
})

test('more streams than it takes are refused, so that they can be tried elsewhere', () => {
  const server = startServer()
  for (let i = 0; i < maxConcurrentStreams; i += 1) server.connection.receive(request(2 * i + 1, true))
  const id = 2 * maxConcurrentStreams + 1
  expect(resets(receive(server, request(id, true)))).toEqual([[id, errorCode.refusedStream]])
  expect(server.streams).toHaveLength(maxConcurrentStreams)
})

test('the first block on each connection says that our table is empty', () => {
  const server = startServer()
  receive(server, request(1, true), request(3, true))
  for (const stream of server.streams) stream.sendHeaders(writeFields([':status', '200']), true)
  const blocks = server.frames().map(({ payload }) => payload.toString('hex'))
  expect(blocks).toEqual(['2088', '88'])
})

test('a block larger than a frame is cut, and read again by a client', () => {
  const fields = Array.from({ length: 30 }, (_, i) => [`x-${i}`, String(i % 10).repeat(700)]).flat()
  const server = startServer()
  receive(server, request(1, true))
  server.streams[0]?.sendHeaders(writeFields([':status', '200', ...fields]), true)
  const bytes = server.take()
  expect(framesOf(bytes).map(({ type, flags }) => [type, flags])).toEqual([
    [frameType.headers, flag.endStream],
    [frameType.continuation, flag.endHeaders],
  ])
  const blocks: Buffer[] = []
  const client = new End('client')
  client.connection.receive(settings())
  client.connection.open(
    { onHeaders: ({ block }) => void blocks.push(block), onData() {}, onSent() {}, onClosed() {} },
    requestBlock(),
  )
  client.connection.receive(bytes)
  expect(blocks).toEqual([writeFields([':status', '200', ...fields])])
})

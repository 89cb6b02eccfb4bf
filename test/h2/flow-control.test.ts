// Flow control beside a model of it: no window is overrun, nobody is stuck (RFC 9113 §6.9). `FUZZ_RUNS` is the number of cases.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { writeFields } from '../../src/h2/field-writer.ts'
import { clientPreface, flag, frameType } from '../../src/h2/protocol.ts'
import { connectionWindow, streamWindow } from '../../src/h2/settings.ts'
import type { Stream } from '../../src/h2/stream.ts'
import { End, type Frame, frame, requestBlock, settings, settingsAck, word } from './pair.ts'

const numRuns = Number(process.env.FUZZ_RUNS ?? 4000)
const timeout = 120_000 + numRuns * 10

/** Both windows of a receiver as RFC 9113 §6.9 has them, beside the engine. */
class WindowModel {
  connection = 65_535
  readonly streams = new Map<number, number>()
  initial = 65_535

  spend(id: number, count: number): void {
    this.connection -= count
    this.streams.set(id, this.of(id) - count)
    if (count > 0 && (this.connection < 0 || this.of(id) < 0)) throw new Error(`stream ${id} overran a window`)
  }

  of(id: number): number {
    return this.streams.get(id) ?? this.initial
  }

  widen(id: number, count: number): void {
    if (id === 0) this.connection += count
    else this.streams.set(id, this.of(id) + count)
  }

  resize(initial: number): void {
    for (const [id, left] of this.streams) this.streams.set(id, left + initial - this.initial)
    this.initial = initial
  }
}

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('send' as const), stream: fc.nat(3), size: fc.nat(60_000) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('widen' as const),
      stream: fc.nat(3),
      size: fc.integer({ min: 1, max: 50_000 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('widenAll' as const),
      stream: fc.constant(0),
      size: fc.integer({ min: 1, max: 90_000 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('resize' as const), stream: fc.constant(0), size: fc.nat(100_000) }),
  },
)

test(
  'flow control, sending: no window is ever overrun, and with room enough all arrives',
  () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const streams: Stream[] = []
        const server = new End('server', { accept: (stream) => streams.push(stream) })
        const model = new WindowModel()
        const sent = [0, 0, 0, 0]
        const arrived = [0, 0, 0, 0]
        const observe = () => spendAll(server.frames(), model, arrived)
        server.connection.receive(Buffer.concat([clientPreface, settings()]))
        for (const id of [1, 3, 5, 7]) {
          model.streams.set(id, model.initial)
          server.connection.receive(frame(frameType.headers, flag.endHeaders | flag.endStream, id, requestBlock()))
          streams.at(-1)?.sendHeaders(writeFields([':status', '200']), false)
        }
        for (const { kind, stream, size } of steps) {
          const id = 2 * stream + 1
          const target = kind === 'widen' ? id : 0
          if (kind === 'send') {
            sent[stream] = (sent[stream] as number) + size
            streams[stream]?.sendData(Buffer.alloc(size), 0, size, false)
          } else if (kind === 'resize') {
            model.resize(size)
            server.connection.receive(settings([4, size]))
          } else {
            model.widen(target, size)
            server.connection.receive(frame(frameType.windowUpdate, 0, target, word(size)))
          }
          observe()
        }
        for (const target of [0, 1, 3, 5, 7]) {
          model.widen(target, 5_000_000)
          server.connection.receive(frame(frameType.windowUpdate, 0, target, word(5_000_000)))
        }
        observe()
        expect(arrived).toEqual(sent)
      }),
      { numRuns: Math.ceil(numRuns / 4) },
    )
  },
  timeout,
)

function spendAll(frames: readonly Frame[], model: WindowModel, arrived: number[]): void {
  for (const { streamId, payload } of frames.filter(({ type }) => type === frameType.data)) {
    const stream = (streamId - 1) / 2
    model.spend(streamId, payload.length)
    arrived[stream] = (arrived[stream] as number) + payload.length
  }
}

test(
  'flow control, receiving: a sender that keeps to its windows is never stuck and never refused',
  () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(3), fc.integer({ min: 1, max: 16_000 })), { maxLength: 60 }), (pieces_) => {
        const server = new End('server', {
          accept: (stream) => {
            stream.owner = {
              onHeaders() {},
              onData: (_bytes, start, end) => stream.credit(end - start),
              onSent() {},
              onClosed() {},
            }
          },
        })
        const model = new WindowModel()
        model.initial = streamWindow
        model.connection = connectionWindow
        server.connection.receive(Buffer.concat([clientPreface, settings(), settingsAck]))
        for (const id of [1, 3, 5, 7])
          server.connection.receive(frame(frameType.headers, flag.endHeaders, id, requestBlock()))
        server.take()
        for (const [stream, size] of Array.from({ length: 10 }, () => pieces_).flat()) {
          const id = 2 * stream + 1
          expect(Math.min(model.connection, model.of(id))).toBeGreaterThan(size)
          model.spend(id, size)
          server.connection.receive(frame(frameType.data, 0, id, Buffer.alloc(size)))
          for (const { type, streamId: target, payload } of server.frames()) {
            if (type === frameType.windowUpdate) model.widen(target, payload.readUInt32BE(0))
          }
        }
        expect(server.closedBecause).toBeUndefined()
      }),
      { numRuns: Math.ceil(numRuns / 10) },
    )
  },
  timeout,
)

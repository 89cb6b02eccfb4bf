// Whatever a peer sends: no exception but the engine's own, no hang, no growth.
// `FUZZ_RUNS` is the number of cases of each property, 20,000 of them all by default.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FieldReader } from '../../src/h2/field-reader.ts'
import { readSection } from '../../src/h2/field-section.ts'
import { writeFields } from '../../src/h2/field-writer.ts'
import { FrameReader } from '../../src/h2/frame-reader.ts'
import { ConnectionError, clientPreface, flag, frameType } from '../../src/h2/protocol.ts'
import type { Stream } from '../../src/h2/stream.ts'
import { End, frame, framesOf, requestBlock, settings, settingsAck, word } from './pair.ts'

const numRuns = Number(process.env.FUZZ_RUNS ?? 4000)
const timeout = 120_000 + numRuns * 10

const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((array) => Buffer.from(array))

/** Bytes that are nearly HPACK: made of pieces that mean something. */
const pieces = [
  '82', '83', '84', '86', '88', 'be', 'bf', '20', '3fe11f', '400161', '0162', '00', '10', '7e', '0f', '1f', 'ff', '80', '0003782d61', '8112',
].map((hex) => Buffer.from(hex, 'hex')) // biome-ignore format: one line
const hpack = fc
  .array(fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...pieces) }, { weight: 1, arbitrary: bytes(6) }), {
    maxLength: 20,
  })
  .map((parts) => Buffer.concat(parts))

test(
  'HPACK: any bytes are fields, or a COMPRESSION_ERROR',
  () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(hpack, bytes(60)), { maxLength: 4 }), fc.boolean(), (blocks, isClosed) => {
        const reader = new FieldReader()
        try {
          for (const block of blocks) {
            if (isClosed) reader.table.close()
            reader.begin(block, 0, block.length)
            const { block: forwarded } = readSection(reader, 'trailers', 65_536)
            // What goes on is read by anyone, table or not, and is the same when it goes on again.
            const other = new FieldReader()
            other.table.close()
            other.begin(forwarded, 0, forwarded.length)
            expect(readSection(other, 'trailers', 1 << 24).block.equals(forwarded)).toBe(true)
          }
        } catch (error) {
          if (!(error instanceof ConnectionError && error.code === 9)) throw error
        }
      }),
      { numRuns },
    )
  },
  timeout,
)

test(
  'frames: the same come out however the bytes are cut',
  () => {
    const anyFrame = fc.tuple(fc.nat(12), fc.nat(255), fc.nat(2 ** 31 - 1), bytes(100)).map((parts) => frame(...parts))
    fc.assert(
      fc.property(
        fc.array(anyFrame, { maxLength: 8 }),
        fc.infiniteStream(fc.integer({ min: 1, max: 40 })),
        (frames, cuts) => {
          const all = Buffer.concat(frames)
          const seen: Buffer[] = []
          const reader = new FrameReader({ expectsPreface: false })
          for (let at = 0; at < all.length; ) {
            const end = Math.min(all.length, at + (cuts.next().value as number))
            reader.read(
              Buffer.from(all.subarray(at, end)),
              ({ type, flags, streamId, bytes: source, start, end: to }) =>
                seen.push(frame(type, flags, streamId, source.subarray(start, to))),
            )
            at = end
          }
          expect(Buffer.concat(seen).equals(all)).toBe(true)
        },
      ),
      { numRuns },
    )
  },
  timeout,
)

const streamId = fc.constantFrom(0, 1, 1, 3, 3, 5, 7, 2)
const block = fc.oneof(
  { weight: 6, arbitrary: fc.constant(requestBlock()) },
  { weight: 1, arbitrary: fc.constant(requestBlock('content-length', '3')) },
  { weight: 1, arbitrary: fc.constant(writeFields(['grpc-status', '0'])) },
  { weight: 1, arbitrary: fc.constant(writeFields([':status', '200', 'content-type', 'application/grpc'])) },
  { weight: 1, arbitrary: hpack },
)
const headerFlags = fc.constantFrom(flag.endHeaders, flag.endHeaders, flag.endHeaders | flag.endStream, 0, 0x2d, 0x24)
const number = fc.oneof(fc.nat(100), fc.constantFrom(0, 65_535, 2 ** 31 - 1, 2 ** 32 - 1))
/** A frame that mostly makes sense, seldom at the right time. */
const likelyFrame = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(headerFlags, streamId, block).map(([f, id, b]) => frame(frameType.headers, f, id, b)),
  },
  {
    weight: 6,
    arbitrary: fc.tuple(fc.constantFrom(0, 1, 8, 9), streamId, bytes(40)).map(([f, id, b]) => frame(0, f, id, b)),
  },
  { weight: 2, arbitrary: fc.tuple(streamId, number).map(([id, n]) => frame(frameType.windowUpdate, 0, id, word(n))) },
  { weight: 2, arbitrary: fc.tuple(streamId, fc.nat(14)).map(([id, n]) => frame(frameType.rstStream, 0, id, word(n))) },
  { weight: 2, arbitrary: fc.tuple(fc.nat(8), number).map(([id, n]) => settings([id, n])) },
  { weight: 1, arbitrary: fc.constant(settingsAck) },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom(0, 4), streamId, block).map(([f, id, b]) => frame(9, f, id, b)) },
  { weight: 1, arbitrary: number.map((n) => frame(frameType.goaway, 0, 0, Buffer.concat([word(n), word(0)]))) },
  { weight: 1, arbitrary: fc.tuple(fc.nat(12), fc.nat(255), streamId, bytes(20)).map((parts) => frame(...parts)) },
  { weight: 1, arbitrary: bytes(30) },
)
const acts = ['reply', 'data', 'reset', 'leave', 'credit', 'nothing'] as const

/** What the user of a stream may do at any time. */
function perform(act: (typeof acts)[number], stream: Stream, isEnd: boolean): void {
  if (act === 'reply') stream.sendHeaders(writeFields([':status', '200']), false)
  if (act === 'data') stream.sendData(Buffer.alloc(100), 0, 100, isEnd)
  if (act === 'reset') stream.reset(8)
  if (act === 'credit') stream.credit(10)
}

/** An end, and the streams that it has taken or opened. */
function startEnd(role: 'server' | 'client', budget: CountedBudget) {
  const streams: Stream[] = []
  const owner = { onHeaders() {}, onData() {}, onSent() {}, onClosed() {} }
  const accept = (stream: Stream) => {
    stream.owner = owner
    streams.push(stream)
  }
  const end = new End(role, { accept }, budget)
  if (role === 'server') end.connection.receive(clientPreface)
  end.connection.receive(settings())
  if (role === 'client') for (let i = 0; i < 3; i += 1) streams.push(end.connection.open(owner, requestBlock()))
  return { end, streams }
}

test.each(['server', 'client'] as const)(
  'a %s: any frames in any order',
  (role) => {
    fc.assert(
      fc.property(fc.array(fc.tuple(likelyFrame, fc.constantFrom(...acts)), { maxLength: 25 }), (steps) => {
        const budget = new CountedBudget()
        const { end, streams } = startEnd(role, budget)
        for (const [bytesOfPeer, act] of steps) {
          end.connection.receive(bytesOfPeer)
          const stream = streams.at(-1)
          if (stream !== undefined) perform(act, stream, bytesOfPeer.length % 2 === 0)
          if (act === 'leave') end.connection.leave()
        }
        // An error of ours would have been told as one.
        expect(end.closedBecause ?? '').not.toContain('internalError')
        const out = end.take()
        // All that we say is frames.
        framesOf(role === 'client' ? out.subarray(clientPreface.length) : out)
        end.connection.lost('over')
        expect([budget.taken, end.connection.streams.size]).toEqual([0, 0])
      }),
      { numRuns },
    )
  },
  timeout,
)

/** Without a limit, but it knows what is out. */
class CountedBudget {
  taken = 0
  take(count: number): boolean {
    this.taken += count
    return true
  }
  give(count: number): void {
    this.taken -= count
    if (this.taken < 0) throw new Error('more given back than taken')
  }
}

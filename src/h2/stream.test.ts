import { expect, test } from 'vitest'
import { writeFields } from './field-writer.ts'
import { Noise } from './noise.ts'
import { Output } from './output.ts'
import { frameHeaderBytes } from './protocol.ts'
import { Stream } from './stream.ts'

const owner = { onHeaders() {}, onData() {}, onSent() {}, onClosed() {} }

test('trailers that wait behind data are those that were given, whatever becomes of the memory that they came in', () => {
  const written: Buffer[] = []
  const transport = {
    write: (bytes: Buffer) => written.push(Buffer.from(bytes)) > 0,
    writableLength: 0,
    end() {},
    cut() {},
  }
  const host = {
    isServer: true,
    output: new Output(transport, () => {}),
    noise: new Noise(() => 0),
    budget: { take: () => true, give() {} },
    sendWindow: 1000,
    block() {},
    forget() {},
    startBlock: (block: Buffer) => block,
  }
  const stream = new Stream(1, owner, host, 10)
  stream.isRemoteEnded = true
  const trailers = writeFields(['grpc-status', '0', 'x', 'y'.repeat(600)])
  const read = Buffer.from(trailers)
  stream.sendData(Buffer.alloc(20, 'd'), 0, 20, false)
  stream.sendHeaders(read, true)
  read.fill(0)
  stream.widen(10)
  stream.pump()
  host.output.flush()

  expect(Buffer.concat(written).subarray(2 * (frameHeaderBytes + 10) + frameHeaderBytes)).toEqual(trailers)
})

// One end of a connection, a peer that sends any frames in any order, and users of its streams that do anything at any time.

import { writeFields } from '../../src/h2/field-writer.ts'
import { clientPreface, flag, frameType } from '../../src/h2/protocol.ts'
import type { Stream } from '../../src/h2/stream.ts'
import { End, frame, framesOf, requestBlock, settings, settingsAck, word } from '../h2/pair.ts'
import type { Choices } from './choices.ts'
import { block } from './http2-fields.ts'
import type { Target } from './loop.ts'

const ids = [1, 1, 3, 3, 5, 7, 2, 0]
const headerFlags = [flag.endHeaders, flag.endHeaders, flag.endHeaders | flag.endStream, 0, 0x2d, 0x24]
const numbers = [0, 1, 100, 65_535, 65_536, 2 ** 30, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1]
const blocks = [
  requestBlock(),
  requestBlock('content-length', '3'),
  requestBlock('authorization', 'secret'),
  requestBlock('te', 'gzip'),
  requestBlock('grpc-timeout', '5S'),
  requestBlock('content-length', '3', 'content-length', '4'),
  requestBlock('connection', 'close'),
  requestBlock('x-large', 'y'.repeat(9000)),
  writeFields([':own', '1']),
  writeFields(['grpc-status', '0']),
  writeFields([':status', '200', 'content-type', 'application/grpc']),
  writeFields([':status', '100']),
]
const anyBlock = (choices: Choices) => (choices.oneIn(5) ? block(choices) : choices.pick(blocks))

/** A frame that mostly makes sense, seldom at the right time. */
export function anyFrame(choices: Choices): Buffer {
  switch (choices.below(12)) {
    case 0:
    case 1:
    case 2:
      return frame(frameType.headers, choices.pick(headerFlags), choices.pick(ids), anyBlock(choices))
    case 3:
    case 4: {
      const bytes = choices.oneIn(20) ? Buffer.alloc(16_384) : choices.bytes(40)
      const data = frame(frameType.data, choices.pick([0, 0, 1, 8, 9]), choices.pick(ids), bytes)
      // More than the window of a stream, or of the connection.
      return choices.oneIn(40) ? Buffer.concat(Array(20 + choices.below(60)).fill(data)) : data
    }
    case 5:
      return frame(frameType.windowUpdate, 0, choices.pick(ids), word(choices.pick(numbers)))
    case 6:
      return frame(frameType.rstStream, 0, choices.pick(ids), word(choices.below(15)))
    case 7:
      return choices.oneIn(3) ? settingsAck : settings([choices.below(9), choices.pick(numbers)])
    case 8:
      return frame(frameType.continuation, choices.pick([0, 4]), choices.pick(ids), anyBlock(choices))
    case 9:
      return frame(frameType.goaway, 0, 0, Buffer.concat([word(choices.pick(numbers)), word(0)]))
    case 10:
      return frame(
        frameType.ping,
        choices.pick([0, 1]),
        choices.pick([0, 0, 0, 1]),
        Buffer.from('draining').subarray(0, 8 - choices.below(2)),
      )
    default:
      return choices.oneIn(2)
        ? choices.bytes(30)
        : frame(choices.below(12), choices.byte(), choices.pick(ids), choices.bytes(20))
  }
}

/** Without a limit, but it knows what is out. */
export class CountedBudget {
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

/** A user of a stream that is told nothing after its end. */
class User {
  isClosed = false
  onHeaders(): void {
    this.#alive()
  }
  onData(): void {
    this.#alive()
  }
  onSent(): void {
    this.#alive()
  }
  onClosed(): void {
    this.#alive()
    this.isClosed = true
  }
  #alive(): void {
    if (this.isClosed) throw new Error('a stream tells something after its end')
  }
}

const greetings = [settings(), settings([4, 0]), settings([4, 2 ** 20]), settings([3, 1])]
const chunk = Buffer.alloc(70_000)

/** What the user of a stream may do at any time. */
function act(stream: Stream | undefined, end: End, choices: Choices): void {
  switch (choices.below(9)) {
    case 0:
      stream?.sendHeaders(writeFields([':status', '200']), choices.oneIn(4))
      return
    case 1:
      stream?.sendData(chunk, 0, choices.oneIn(16) ? chunk.length : choices.below(200), choices.oneIn(3))
      return
    case 2:
      if (choices.oneIn(3)) stream?.reset(8)
      return
    case 3:
      stream?.credit(choices.below(60_000))
      return
    case 4:
      if (choices.oneIn(6)) end.connection.leave()
      return
    case 5:
      end.connection.drained()
      return
    case 6:
      if (choices.oneIn(4)) end.beSlow()
      return
    case 7:
      stream?.endData()
  }
}

function run(role: 'server' | 'client', choices: Choices): void {
  const budget = new CountedBudget()
  const streams: Stream[] = []
  const owner = {
    accept: (stream: Stream) => {
      stream.owner = new User()
      streams.push(stream)
    },
  }
  const end = new End(role, owner, budget)
  if (role === 'server') end.connection.receive(choices.oneIn(60) ? Buffer.alloc(30) : clientPreface)
  if (!choices.oneIn(60)) end.connection.receive(choices.pick(greetings))
  const out: Buffer[] = []
  for (let left = 30; left > 0 && !choices.isOver; left -= 1) {
    if (role === 'client' && end.connection.hasRoom && choices.oneIn(3)) {
      streams.push(end.connection.open(new User(), requestBlock()))
    }
    end.connection.receive(anyFrame(choices))
    act(streams.length > 0 ? choices.pick(streams) : undefined, end, choices)
    out.push(end.take())
  }
  // An error of ours would have been told as one.
  if (end.closedBecause?.includes('internalError')) throw new Error(end.closedBecause)
  out.push(end.take())
  const all = Buffer.concat(out)
  // All that we say is frames.
  framesOf(role === 'client' ? all.subarray(clientPreface.length) : all)
  end.connection.lost('over')
  if (budget.taken !== 0) throw new Error(`${budget.taken} bytes are not given back`)
  if (end.connection.streams.size !== 0) throw new Error('streams are left open')
}

export const http2Server: Target = { name: 'HTTP/2 server', part: 'http2', run: (choices) => run('server', choices) }
export const http2Client: Target = { name: 'HTTP/2 client', part: 'http2', run: (choices) => run('client', choices) }

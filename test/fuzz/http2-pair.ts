// Both ends of a connection that keep to the rules, joined by memory that cuts and delays: every byte arrives, in its order, and nobody is stuck.

import type { Budget } from '../../src/h2/byte-queue.ts'
import { writeFields } from '../../src/h2/field-writer.ts'
import type { Stream } from '../../src/h2/stream.ts'
import { End, requestBlock } from '../h2/pair.ts'
import type { Choices } from './choices.ts'
import type { Target } from './loop.ts'

/** The bytes of each stream, one way: that of place `n` is `n` (mod 251), so that none can take the place of another one. */
const pattern = Buffer.from(Array.from({ length: 251 * 300 }, (_, i) => i % 251))

/** One direction of one stream. */
class Flow {
  sent = 0
  arrived = 0
  /** What has arrived and is not given back as credit. */
  owed = 0
  hasEnd = false
  isOver = false

  send(stream: Stream, bytes: number, isEnd: boolean): void {
    if (this.hasEnd) return
    const start = this.sent % 251
    this.sent += bytes
    this.hasEnd = isEnd
    stream.sendData(pattern, start, start + bytes, isEnd)
  }

  take(bytes: Buffer, start: number, end: number): void {
    const from = this.arrived % 251
    if (bytes.compare(pattern, from, from + end - start, start, end) !== 0)
      throw new Error('other bytes than were sent')
    this.arrived += end - start
    this.owed += end - start
  }
}

class Side {
  stream: Stream | undefined
  isClosed = false
  readonly #into: Flow
  constructor(into: Flow) {
    this.#into = into
  }
  onHeaders(_section: unknown, isEnd: boolean): void {
    if (isEnd) this.#into.isOver = true
  }
  onData(bytes: Buffer, start: number, end: number, isEnd: boolean): void {
    this.#into.take(bytes, start, end)
    if (isEnd) this.#into.isOver = true
  }
  onSent(): void {}
  onClosed(): void {
    this.isClosed = true
  }
}

interface Call {
  readonly up: Flow
  readonly down: Flow
  readonly client: Side
  readonly server: Side
  wasReset: boolean
}

interface Way {
  readonly to: End
  /** What is under way. */
  bytes: Buffer
}

class CountedBudget implements Budget {
  taken = 0
  take(bytes: number): boolean {
    this.taken += bytes
    return true
  }
  give(bytes: number): void {
    this.taken -= bytes
  }
}

class Pair {
  readonly calls: Call[] = []
  readonly budget = new CountedBudget()
  readonly server = new End('server', { accept: (stream) => this.#accept(stream) }, this.budget)
  readonly client = new End('client', {}, this.budget)
  readonly #ways: readonly Way[] = [
    { to: this.server, bytes: Buffer.alloc(0) },
    { to: this.client, bytes: Buffer.alloc(0) },
  ]

  open(): void {
    if (!this.client.connection.hasRoom || this.calls.length >= 6) return
    const [up, down] = [new Flow(), new Flow()]
    const call = { up, down, client: new Side(down), server: new Side(up), wasReset: false }
    this.calls.push(call)
    call.client.stream = this.client.connection.open(call.client, requestBlock())
  }

  /** Up to so many bytes of what is under way to one of the ends arrive. */
  deliver(which: number, most: number): boolean {
    const way = this.#ways[which] as Way
    const from = which === 0 ? this.client : this.server
    const left = from.take()
    if (left.length > 0) way.bytes = Buffer.concat([way.bytes, left])
    from.connection.drained()
    if (way.bytes.length === 0) return false
    const landing = Buffer.from(way.bytes.subarray(0, most))
    way.to.connection.receive(landing)
    // The next read lands there.
    landing.fill(0xff)
    way.bytes = way.bytes.subarray(most)
    return true
  }

  #accept(stream: Stream): void {
    const call = this.calls[(stream.id - 1) / 2] as Call
    call.server.stream = stream
    stream.owner = call.server
    stream.sendHeaders(writeFields([':status', '200']), false)
  }
}

/** Now and then more than the window of a stream. */
function burst(flow: Flow, stream: Stream, size: number, choices: Choices): void {
  if (choices.oneIn(16)) for (let left = 5; left > 0; left -= 1) flow.send(stream, 60_000, false)
  flow.send(stream, size, choices.oneIn(5))
}

function step(pair: Pair, choices: Choices): void {
  const call = pair.calls.length > 0 ? choices.pick(pair.calls) : undefined
  const size = choices.oneIn(4) ? choices.below(65_000) : choices.below(300)
  switch (choices.below(9)) {
    case 0:
      pair.open()
      return
    case 1:
    case 2:
      if (call?.client.stream && !call.wasReset) burst(call.up, call.client.stream, size, choices)
      return
    case 3:
    case 4:
      if (call?.server.stream && !call.wasReset) burst(call.down, call.server.stream, size, choices)
      return
    case 5:
      if (call !== undefined) giveCredit(call)
      return
    case 6:
      if (call !== undefined && choices.oneIn(4)) {
        call.wasReset = true
        choices.pick([call.client, call.server]).stream?.reset(8)
      }
      return
    default:
      pair.deliver(choices.below(2), 1 + size)
  }
}

function giveCredit({ up, down, client, server }: Call): void {
  client.stream?.credit(down.owed)
  server.stream?.credit(up.owed)
  down.owed = 0
  up.owed = 0
}

/** Everybody takes what comes: then all that was sent is there. */
function settle(pair: Pair): void {
  // At first nobody gives credit back, so that one byte too many is seen.
  for (const which of [0, 1, 0]) pair.deliver(which, 10_000_000)
  for (let rounds = 0, isMoving = true; isMoving; rounds += 1) {
    if (rounds > 10_000) throw new Error('it never comes to rest')
    isMoving = false
    for (const call of pair.calls) giveCredit(call)
    for (const which of [0, 1]) if (pair.deliver(which, 100_000)) isMoving = true
  }
}

export const http2Pair: Target = {
  name: 'HTTP/2 both ends',
  part: 'http2',
  run(choices: Choices) {
    const pair = new Pair()
    pair.deliver(0, 1000)
    pair.deliver(1, 1000)
    for (let left = 60; left > 0 && !choices.isOver; left -= 1) step(pair, choices)
    settle(pair)
    for (const { client, server } of [pair]) {
      const cause = client.closedBecause ?? server.closedBecause
      if (cause !== undefined) throw new Error(`the connection ended: ${cause}`)
    }
    for (const { up, down, wasReset } of pair.calls) {
      if (wasReset) continue
      // A response that is over resets what is left of its request.
      if (down.arrived !== down.sent) throw new Error(`${down.arrived} of ${down.sent} bytes of a response`)
      if (!down.hasEnd && up.arrived !== up.sent) throw new Error(`${up.arrived} of ${up.sent} bytes of a request`)
    }
    pair.client.connection.lost('over')
    pair.server.connection.lost('over')
    if (pair.budget.taken !== 0) throw new Error(`${pair.budget.taken} bytes are not given back`)
  },
}

// A gRPC call between two connections: a sender and a replica that send any frames in any order, and a core that tries the call again.

import { createBootWatch } from '../../src/dapr/boot.ts'
import type { Outcome } from '../../src/dapr/event.ts'
import { Call } from '../../src/dapr/grpc/call.ts'
import { Exchange } from '../../src/dapr/grpc/exchange.ts'
import type { FieldSection } from '../../src/h2/field-section.ts'
import { writeFields } from '../../src/h2/field-writer.ts'
import { clientPreface, flag, frameType } from '../../src/h2/protocol.ts'
import type { Stream } from '../../src/h2/stream.ts'
import { End, frame, framesOf, requestBlock, settings } from '../h2/pair.ts'
import type { Choices } from './choices.ts'
import { anyFrame, CountedBudget } from './http2-end.ts'
import type { Target } from './loop.ts'

const awaitedBytes = 2000
const routes = [
  { kind: 'topic', name: 'bus/orders' },
  { kind: 'invoke', name: '' },
] as const

interface Running {
  readonly call: Call
  readonly route: (typeof routes)[number]
  /** Exchanges that have not come to an end, which is one at most. */
  open: number
  attempts: number
  isSettled: boolean
}

class Relay {
  readonly budget = new CountedBudget()
  readonly running: Running[] = []
  nextId = 1
  readonly replica: End
  readonly sender: End
  readonly #boot = createBootWatch(() => 0)
  readonly #choices: Choices

  constructor(choices: Choices) {
    this.#choices = choices
    this.replica = new End('client', {}, this.budget)
    this.sender = new End(
      'server',
      { accept: (stream, section, isEnd) => this.#accept(stream, section, isEnd) },
      this.budget,
    )
  }

  #accept(stream: Stream, section: FieldSection, isEnd: boolean): void {
    const route = this.#choices.pick(routes)
    const call = new Call(stream, section, isEnd, {
      block: section.keep().block,
      memory: this.budget,
      awaitedBytes: route.kind === 'topic' ? awaitedBytes : 0,
      onReady: () => this.#send(one),
      onRefused() {},
    })
    const one: Running = { call, route, open: 0, attempts: 0, isSettled: false }
    stream.owner = call
    this.running.push(one)
    // Of a call that streams it is told a moment later: here at once.
    if (route.kind === 'topic') call.start()
    else this.#send(one)
  }

  #send(one: Running): void {
    one.attempts += 1
    one.open += 1
    const { call, route } = one
    const exchange: Exchange = new Exchange({ route, message: call, sender: call }, this.#boot, (outcome) => {
      one.open -= 1
      if (one.open !== 0) throw new Error('an exchange that comes to its end twice')
      this.#settle(one, outcome)
    })
    if (exchange.isOver) return
    if (this.replica.connection.hasRoom) exchange.start(this.replica.connection)
    else exchange.notRun('no room')
  }

  /** As the core does: tried again if it did not run, a few times. */
  #settle(one: Running, outcome: Outcome): void {
    const mayRunAgain = outcome.kind === 'not-run' || (outcome.kind === 'broken' && outcome.hasBegun !== true)
    const isKept = one.call.request.isWhole && !one.call.isGone
    if (mayRunAgain && isKept && one.attempts < 3 && this.replica.connection.hasRoom) {
      this.#send(one)
      return
    }
    if (one.isSettled) throw new Error('a call that is settled twice')
    one.isSettled = true
    one.call.settle(outcome)
  }
}

const grpc = requestBlock('content-type', 'application/grpc')
const message = Buffer.concat([Buffer.from([0, 0, 0, 0, 20]), Buffer.alloc(20, 7)])
const head = writeFields([':status', '200', 'content-type', 'application/grpc'])
const trailers = [
  writeFields(['grpc-status', '0']),
  writeFields(['grpc-status', '14']),
  writeFields(['grpc-status', '12']),
]

/** What a sender mostly says. */
function likelyRequest(choices: Choices, id: number): Buffer {
  const open = frame(frameType.headers, flag.endHeaders, id, grpc)
  const size = choices.oneIn(10) ? 16_000 : choices.below(300)
  const data = frame(frameType.data, choices.oneIn(2) ? flag.endStream : 0, id, Buffer.alloc(size, 1))
  return choices.pick([Buffer.concat([open, data]), open, data, frame(frameType.data, flag.endStream, id, message)])
}

/** What a replica mostly says. */
function likelyReply(choices: Choices, id: number): Buffer {
  const begin = frame(frameType.headers, flag.endHeaders, id, head)
  const data = frame(frameType.data, 0, id, choices.oneIn(10) ? Buffer.alloc(16_384) : message)
  const end = frame(frameType.headers, flag.endHeaders | flag.endStream, id, choices.pick(trailers))
  return choices.pick([Buffer.concat([begin, data, end]), begin, data, end])
}

function step(relay: Relay, choices: Choices): void {
  const { sender, replica } = relay
  const end = choices.pick([sender, replica])
  const id = choices.oneIn(3) ? relay.nextId : choices.pick([1, 1, 3, 5])
  if (id === relay.nextId && end === sender) relay.nextId += 2
  if (choices.oneIn(4)) end.connection.receive(anyFrame(choices))
  else end.connection.receive(end === sender ? likelyRequest(choices, id) : likelyReply(choices, id))
  if (choices.oneIn(8)) choices.pick([sender, replica]).connection.drained()
  if (choices.oneIn(30)) choices.pick([sender, replica]).beSlow()
}

export const grpcRelay: Target = {
  name: 'gRPC relay',
  part: 'http2',
  run(choices: Choices) {
    const relay = new Relay(choices)
    const { sender, replica, running, budget } = relay
    const out: Buffer[] = []
    sender.connection.receive(Buffer.concat([clientPreface, settings()]))
    replica.connection.receive(choices.pick([settings(), settings([4, 2 ** 20]), settings([3, 2])]))
    for (let left = 30; left > 0 && !choices.isOver; left -= 1) {
      step(relay, choices)
      out.push(sender.take())
      replica.take()
    }
    for (const end of [sender, replica]) {
      if (end.closedBecause?.includes('internalError')) throw new Error(end.closedBecause)
      end.connection.lost('over')
    }
    framesOf(Buffer.concat(out))
    if (running.some(({ open }) => open !== 0)) throw new Error('an exchange has not come to its end')
    if (budget.taken !== 0) throw new Error(`${budget.taken} bytes are not given back`)
  },
}

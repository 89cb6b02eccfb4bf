// grpc-js as client: all kinds of calls with random messages and metadata, every byte of the answers compared.

import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client, type ClientDuplexStream, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js'
import { type Check, runChecks } from './check.ts'
import { failure, largestMessage, service } from './js-server.ts'
import { createRandom, type Random } from './random.ts'

const same = (bytes: Buffer): Buffer => bytes
const mebibyte = 1024 * 1024

/** Sizes at which frames, windows and buffers begin and end. */
const edges = [0, 1, 5, 16378, 16379, 16380, 16384, 65530, 65535, 65536, mebibyte, 4 * mebibyte - 5, 4 * mebibyte]

interface Answer {
  readonly messages: Buffer[]
  readonly header: Metadata
  readonly trailer: Metadata
}

interface Call {
  readonly metadata?: Metadata
  readonly deadlineMs?: number
  readonly cancelAfterMs?: number
}

export async function callFromJs(port: number, seed: string): Promise<Check[]> {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
    'grpc.max_receive_message_length': largestMessage,
    'grpc.use_local_subchannel_pool': 1,
  })
  const random = createRandom(seed)
  const exchange = (method: string, messages: readonly Buffer[], call: Call = {}) => run(client, method, messages, call)
  const whole = async (own: Random, sizes: readonly number[]) => {
    for (const size of sizes) {
      const message = own.bytes(size)
      const { messages } = await exchange('Whole', [message])
      assertSame(messages, [message])
    }
  }
  const each = async (own: Random, most: number) => {
    const messages = own.messages(most)
    assertSame((await exchange('Each', messages)).messages, messages)
  }
  const untilIdle = async () => {
    while ((await exchange('Active', [])).messages[0]?.toString() !== '0') await sleep(10)
  }
  try {
    return await runChecks({
      unary: () => whole(random, edges),
      'client streaming': async () => {
        const messages = random.messages(200_000)
        assertSame((await exchange('Whole', messages)).messages, [Buffer.concat(messages)])
      },
      'server streaming': async () => {
        for (const size of edges) {
          const message = random.bytes(size)
          const { messages } = await exchange('Parts', [message])
          assert.equal(messages.length, 7)
          assertSame([Buffer.concat(messages)], [message])
        }
      },
      'both streaming': () => each(random, mebibyte),
      metadata: async () => {
        for (let round = 0; round < 50; round += 1) {
          const metadata = random.metadata(round % 5 === 0)
          const { header, trailer } = await exchange('Whole', [Buffer.from('m')], { metadata })
          for (const name of Object.keys(metadata.getMap())) {
            assert.deepEqual(valuesOf(header, name), valuesOf(metadata, name), `${name} of the header`)
            assert.deepEqual(valuesOf(trailer, name), valuesOf(metadata, name), `${name} of the trailer`)
          }
        }
      },
      status: async () => {
        for (let code = status.CANCELLED; code <= status.UNAUTHENTICATED; code += 1) {
          const metadata = new Metadata()
          metadata.set('x-fail', String(code))
          const error = await failed(exchange('Whole', [Buffer.from('m')], { metadata }))
          assert.deepEqual([error.code, error.details], [code, failure])
        }
      },
      'unknown method': async () => {
        assert.equal((await failed(exchange('Nothing', [Buffer.from('m')]))).code, status.UNIMPLEMENTED)
      },
      deadline: async () => {
        const error = await failed(exchange('Wait', [Buffer.from('m')], { deadlineMs: 200 }))
        assert.equal(error.code, status.DEADLINE_EXCEEDED)
        await untilIdle()
      },
      '256 streams at a time': async () => {
        await Promise.all(random.many(256).map((own) => each(own, 20_000)))
      },
      'random cancels': async () => {
        await Promise.all(
          random.many(256).map(async (own) => {
            if (own.below(2) === 0) return each(own, 20_000)
            const method = ['Wait', 'Each', 'Whole', 'Parts'][own.below(4)] as string
            const call = { cancelAfterMs: own.below(20) }
            const outcome = await exchange(method, own.messages(20_000), call).catch((error: ServiceError) => error)
            if ('code' in outcome) assert.equal(outcome.code, status.CANCELLED, method)
          }),
        )
        await untilIdle()
      },
      'unary after all that': () => whole(random, edges),
    })
  } finally {
    client.close()
  }
}

function run(client: Client, method: string, messages: readonly Buffer[], call: Call): Promise<Answer> {
  const options = call.deadlineMs === undefined ? {} : { deadline: Date.now() + call.deadlineMs }
  const stream: ClientDuplexStream<Buffer, Buffer> = client.makeBidiStreamRequest(
    service + method,
    same,
    same,
    call.metadata ?? new Metadata(),
    options,
  )
  if (call.cancelAfterMs !== undefined) setTimeout(() => stream.cancel(), call.cancelAfterMs)
  const received: Buffer[] = []
  let header = new Metadata()
  stream.on('metadata', (metadata: Metadata) => {
    header = metadata
  })
  stream.on('data', (message: Buffer) => received.push(message))
  for (const message of messages) stream.write(message)
  stream.end()
  return new Promise((resolve, reject) => {
    stream.on('error', reject)
    stream.on('status', ({ code, metadata: trailer }) => {
      if (code === status.OK) resolve({ messages: received, header, trailer })
    })
  })
}

const failed = (answer: Promise<Answer>): Promise<ServiceError> =>
  answer.then(
    () => assert.fail('it did not fail'),
    (error: ServiceError) => error,
  )

/** Node joins the values of one name; that means the same (RFC 9110 §5.3). Binary ones come apart again in grpc-js. */
function valuesOf(metadata: Metadata, name: string): unknown {
  return name.endsWith('-bin') ? metadata.get(name) : metadata.get(name).join(', ')
}

/** Not by deepEqual, which would print the bytes. */
function assertSame(got: readonly Buffer[], sent: readonly Buffer[]): void {
  assert.equal(got.length, sent.length, 'number of messages')
  for (const [index, message] of got.entries()) {
    const other = sent[index] as Buffer
    assert.ok(
      message.equals(other),
      `message ${index} of ${message.length} bytes is not the one of ${other.length} bytes`,
    )
  }
}

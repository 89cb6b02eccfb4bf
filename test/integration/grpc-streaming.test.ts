// All four kinds of calls through the proxy, of a service that it has never heard of: every byte of every message is compared.

import { createHash, randomBytes, randomInt } from 'node:crypto'
import {
  Client,
  type ClientWritableStream,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceError,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js'
import { expect, onTestFinished, test } from 'vitest'
import { grpcWire } from '../support/grpc-wire.ts'
import { eventually, metric, setUpProxy } from '../support/proxy.ts'

const raw = (bytes: Buffer) => bytes
const method = (name: string, requestStream: boolean, responseStream: boolean) => ({
  path: `/any.v1.Service/${name}`,
  requestStream,
  responseStream,
  ...{ requestSerialize: raw, requestDeserialize: raw, responseSerialize: raw, responseDeserialize: raw },
})
const service = {
  Unary: method('Unary', false, false),
  Split: method('Split', false, true),
  Join: method('Join', true, false),
  Echo: method('Echo', true, true),
}
const unlimited = { 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 }

interface Function {
  readonly port: number
  /** Calls that were cancelled. */
  readonly cancelled: () => number
}

const pieceBytes = 50_000

/** Gives back what it is given: whole, in pieces, joined, or message by message. `x-` metadata comes back as trailers. */
async function startFunction(): Promise<Function> {
  const server = new Server(unlimited)
  let cancelled = 0
  const watch = (call: { on(event: 'cancelled', listener: () => void): unknown }) =>
    call.on('cancelled', () => {
      cancelled += 1
    })
  const trailersOf = (metadata: Metadata) => {
    const trailers = new Metadata()
    for (const key of Object.keys(metadata.getMap()).filter((name) => name.startsWith('x-'))) {
      for (const value of metadata.get(key)) trailers.add(key, value)
    }
    return trailers
  }
  server.addService(service, {
    Unary(call: ServerUnaryCall<Buffer, Buffer>, reply: sendUnaryData<Buffer>) {
      watch(call)
      reply(null, call.request, trailersOf(call.metadata))
    },
    Split(call: ServerWritableStream<Buffer, Buffer>) {
      watch(call)
      for (let at = 0; at < call.request.length; at += pieceBytes)
        call.write(call.request.subarray(at, at + pieceBytes))
      call.end(trailersOf(call.metadata))
    },
    Join(call: ServerReadableStream<Buffer, Buffer>, reply: sendUnaryData<Buffer>) {
      watch(call)
      const parts: Buffer[] = []
      call.on('data', (part: Buffer) => parts.push(part))
      call.on('end', () => reply(null, Buffer.concat(parts), trailersOf(call.metadata)))
    },
    Echo(call: ServerDuplexStream<Buffer, Buffer>) {
      watch(call)
      call.on('data', (part: Buffer) => {
        if (!call.write(part)) call.pause()
      })
      call.on('drain', () => call.resume())
      call.on('end', () => call.end(trailersOf(call.metadata)))
    },
  })
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  )
  onTestFinished(() => server.forceShutdown())
  return { port, cancelled: () => cancelled }
}

interface Result {
  readonly parts: readonly Buffer[]
  readonly code: number
  readonly trailers: Metadata
}

type Kind = keyof typeof service

interface Sending {
  readonly metadata?: Metadata
  readonly cancelAfterMs?: number
}

/** Sends the parts as one call of that kind. */
function send(client: Client, kind: Kind, parts: readonly Buffer[], sending: Sending = {}): Promise<Result> {
  const { metadata = new Metadata(), cancelAfterMs } = sending
  return new Promise((resolve) => {
    const got: Buffer[] = []
    const done = (error: ServiceError | null, bytes?: Buffer) => {
      if (error === null && bytes) got.push(bytes)
    }
    const call = open(client, kind, { whole: Buffer.concat(parts), metadata, done })
    if (kind === 'Join' || kind === 'Echo') {
      const stream = call as ClientWritableStream<Buffer>
      for (const part of parts) stream.write(part)
      stream.end()
    }
    if (kind === 'Split' || kind === 'Echo') call.on('data', (bytes: Buffer) => got.push(bytes))
    call.on('error', () => {})
    call.on('status', ({ code, metadata: trailers }: { code: number; metadata: Metadata }) =>
      setImmediate(() => resolve({ parts: got, code, trailers })),
    )
    if (cancelAfterMs !== undefined) setTimeout(() => call.cancel(), cancelAfterMs)
  })
}

interface Opening {
  readonly whole: Buffer
  readonly metadata: Metadata
  readonly done: (error: ServiceError | null, bytes?: Buffer) => void
}

function open(client: Client, kind: Kind, { whole, metadata, done }: Opening) {
  const { path } = service[kind]
  switch (kind) {
    case 'Unary':
      return client.makeUnaryRequest(path, raw, raw, whole, metadata, done)
    case 'Split':
      return client.makeServerStreamRequest(path, raw, raw, whole, metadata)
    case 'Join':
      return client.makeClientStreamRequest(path, raw, raw, metadata, done)
    case 'Echo':
      return client.makeBidiStreamRequest(path, raw, raw, metadata)
  }
}

function connect(port: number): Client {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
    ...unlimited,
    'grpc.use_local_subchannel_pool': 1,
  })
  onTestFinished(() => client.close())
  return client
}

const kinds = Object.keys(service) as Kind[]
const digest = (parts: readonly Buffer[]) => createHash('sha256').update(Buffer.concat(parts)).digest('hex')

async function setUp(replicas = 1, env: Record<string, string> = {}) {
  const functions = await Promise.all(Array.from({ length: replicas }, startFunction))
  const { proxy } = await setUpProxy(
    grpcWire,
    functions.map(({ port }) => port),
    env,
  )
  return { functions, proxy, client: connect(proxy.port) }
}

test.each(kinds)('%s: messages of any size pass, byte for byte', async (kind) => {
  const { client } = await setUp()
  const sizes = [0, 1, 5, 16_379, 16_380, 65_535, 262_144, 1_000_003, 4 * 1024 * 1024]

  for (const size of sizes) {
    const parts = [randomBytes(size), randomBytes(3), Buffer.alloc(0), randomBytes(size >> 1)]
    const { parts: got, code } = await send(client, kind, parts)
    expect([size, code, digest(got)]).toEqual([size, status.OK, digest(parts)])
    if (kind === 'Echo') expect(got.map(({ length }) => length)).toEqual(parts.map(({ length }) => length))
  }
})

test.each(kinds)('%s: metadata passes there and back: binary, repeated, 8 KiB of it', async (kind) => {
  const { client } = await setUp()
  const metadata = new Metadata()
  metadata.set('x-some-bin', randomBytes(300))
  metadata.add('x-many', 'one')
  metadata.add('x-many', 'two')
  metadata.set('x-empty', '')
  for (let i = 0; i < 8; i += 1) metadata.set(`x-large-${i}`, randomBytes(512).toString('hex'))

  const { trailers } = await send(client, kind, [Buffer.from('x')], { metadata })

  for (const name of Object.keys(metadata.getMap())) {
    const flat = (fields: Metadata) => fields.get(name).map(String).join(', ')
    expect([name, flat(trailers)]).toEqual([name, flat(metadata)])
  }
})

test('256 calls of all kinds at a time, to three replicas, some of them cancelled', async () => {
  const { client, functions, proxy } = await setUp(3)
  const wrong: string[] = []
  let finished = 0
  const one = async (i: number) => {
    const kind = kinds[i % 4] as Kind
    const parts = Array.from({ length: randomInt(1, 5) }, () =>
      randomBytes(randomInt(0, i % 16 === 0 ? 100_000 : 3000)),
    )
    const cancel = i % 8 === 3 ? { cancelAfterMs: randomInt(0, 30) } : {}
    const { parts: got, code } = await send(client, kind, parts, cancel)
    const isRight = code === status.OK && digest(got) === digest(parts)
    if (isRight) finished += 1
    else if (code !== status.CANCELLED || !('cancelAfterMs' in cancel)) wrong.push(`${kind} ${i}: code ${code}`)
  }
  let next = 0
  const lane = async () => {
    while (next < 512) {
      const i = next
      next += 1
      await one(i)
    }
  }
  await Promise.all(Array.from({ length: 256 }, lane))

  expect(wrong).toEqual([])
  expect(finished).toBeGreaterThanOrEqual(448)
  expect(functions.every(({ port }) => port > 0)).toBe(true)
  // Nothing of all that is left.
  await eventually(async () => (await metric(proxy.adminPort, 'dapr_proxy_buffered_bytes')) === 0)
  await eventually(async () => (await metric(proxy.adminPort, 'dapr_proxy_in_flight')) === 0)
}, 120_000)

test('both sides of a call go on at a time, message by message', async () => {
  const { client } = await setUp()
  const call = client.makeBidiStreamRequest(service.Echo.path, raw, raw, new Metadata())
  call.on('error', () => {})
  for (let i = 0; i < 20; i += 1) {
    const message = Buffer.from(`message ${i}`)
    call.write(message)
    // The next one is sent only when this one is back.
    const back = await new Promise<Buffer>((resolve) => call.once('data', resolve))
    expect(back).toEqual(message)
  }
  call.end()
})

test('a cancel in the middle of a stream reaches the function', async () => {
  const { client, functions } = await setUp()
  const call = client.makeBidiStreamRequest(service.Echo.path, raw, raw, new Metadata())
  call.on('error', () => {})
  call.write(Buffer.from('x'))
  await new Promise((resolve) => call.once('data', resolve))

  call.cancel()

  await eventually(() => functions[0]?.cancelled() === 1)
})

test('a caller that reads nothing slows its own call alone, and what waits for it is bounded', async () => {
  const { client, proxy } = await setUp()
  // Nobody reads the replies. How much of the rest the function takes in meanwhile is its own affair.
  const call = client.makeBidiStreamRequest(service.Echo.path, raw, raw, new Metadata())
  call.on('error', () => {})
  const chunk = randomBytes(100_000)
  const sent = new Promise<boolean>((resolve) => {
    let left = 100
    const more = () => {
      left -= 1
      if (left === 0) resolve(true)
      else call.write(chunk, () => more())
    }
    more()
  })
  const buffered = () => metric(proxy.adminPort, 'dapr_proxy_buffered_bytes')
  let most = 0
  await eventually(async () => (await buffered()) > 100_000)
  for (let i = 0; i < 50; i += 1) most = Math.max(most, await buffered())

  // One window of replies, and one of the request.
  expect(most).toBeLessThan(1024 * 1024)
  expect((await send(client, 'Unary', [Buffer.from('other')])).code).toBe(status.OK)

  let got = 0
  call.on('data', (bytes: Buffer) => {
    got += bytes.length
  })
  expect(await sent).toBe(true)
  call.end()
  await new Promise((resolve) => call.once('end', resolve))
  expect(got).toBe(99 * chunk.length)
})

test('a replica that dies in the middle of a stream is UNAVAILABLE to its caller, behind what has passed', async () => {
  const server = new Server(unlimited)
  server.addService(service, {
    Echo(call: ServerDuplexStream<Buffer, Buffer>) {
      call.on('error', () => {})
      call.on('data', (bytes: Buffer) => call.write(bytes, () => setTimeout(() => server.forceShutdown(), 50)))
    },
  } as never)
  const port = await new Promise<number>((resolve) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (_error, bound) => resolve(bound)),
  )
  const { proxy } = await setUpProxy(grpcWire, [port])
  const call = connect(proxy.port).makeBidiStreamRequest(service.Echo.path, raw, raw, new Metadata())
  const got: Buffer[] = []
  call.on('data', (bytes: Buffer) => got.push(bytes))
  call.on('error', () => {})
  call.write(Buffer.from('first'))

  const code = await new Promise<number>((resolve) => call.on('status', (end) => resolve(end.code)))

  expect([code, got.map(String)]).toEqual([status.UNAVAILABLE, ['first']])
})

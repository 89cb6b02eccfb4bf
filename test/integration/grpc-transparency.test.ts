// What a function and daprd see of each other through the proxy over gRPC, on real sockets.

import {
  connect as connectHttp2,
  constants,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2'
import {
  Client,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceError,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js'
import { expect, onTestFinished, test } from 'vitest'
import { grpcWire } from '../support/grpc-wire.ts'
import { metric, setUpProxy, unusedPort } from '../support/proxy.ts'

const raw = (bytes: Buffer) => bytes
const echo = { path: '/any.Service/Echo', requestStream: false, responseStream: false } as const
const service = {
  Echo: { ...echo, requestSerialize: raw, requestDeserialize: raw, responseSerialize: raw, responseDeserialize: raw },
}

interface Answered {
  readonly error: ServiceError | null
  readonly bytes?: Buffer
  readonly headers: Metadata
  readonly trailers: Metadata
}

/** Calls a method that the proxy has never heard of. */
function call(port: number, bytes: Buffer, metadata = new Metadata(), options: object = {}): Promise<Answered> {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
    ...options,
  })
  return new Promise((resolve) => {
    let headers = new Metadata()
    let trailers = new Metadata()
    const running = client.makeUnaryRequest(echo.path, raw, raw, bytes, metadata, (error, reply) => {
      setImmediate(() => {
        client.close()
        resolve({ error, headers, trailers, ...(reply && { bytes: reply }) })
      })
    })
    running.on('metadata', (fields) => {
      headers = fields
    })
    running.on('status', (fields) => {
      trailers = fields.metadata
    })
  })
}

async function startEcho(
  handle?: (metadata: Metadata) => { code: number; details: string; metadata: Metadata } | undefined,
) {
  const server = new Server()
  const seen: Metadata[] = []
  const handleEcho = (incoming: ServerUnaryCall<Buffer, Buffer>, reply: sendUnaryData<Buffer>) => {
    seen.push(incoming.metadata)
    const failure = handle?.(incoming.metadata)
    if (failure) return reply(failure)
    const headers = new Metadata()
    headers.add('x-head', 'one')
    headers.add('x-head', 'two')
    incoming.sendMetadata(headers)
    const trailers = new Metadata()
    trailers.set('x-tail-bin', Buffer.from([0, 255, 1]))
    return reply(null, incoming.request, trailers)
  }
  server.addService(service, { Echo: handleEcho })
  const port = await new Promise<number>((resolve) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (_error, bound) => resolve(bound)),
  )
  onTestFinished(() => server.forceShutdown())
  return { port, seen }
}

/** A function that works on the frames of HTTP/2, to do what grpc-js does not. */
async function startFrames(
  onStream: (stream: ServerHttp2Stream, count: number, headers: IncomingHttpHeaders) => void,
): Promise<number> {
  const server: Http2Server = createServer({ maxHeaderListPairs: 2000 })
  let count = 0
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {})
    count += 1
    onStream(stream, count, headers)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
  })
  return (server.address() as { port: number }).port
}

function answerOk(stream: ServerHttp2Stream): void {
  stream.resume()
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
  stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
  stream.end(Buffer.from([0, 0, 0, 0, 0]))
}

test('a method that the proxy does not know passes, with metadata in both directions', async () => {
  const { port, seen } = await startEcho()
  const { proxy } = await setUpProxy(grpcWire, [port])
  const metadata = new Metadata()
  metadata.set('grpc-trace-bin', Buffer.from([1, 2, 254]))
  metadata.add('x-many', 'a')
  metadata.add('x-many', 'b')

  const { bytes, headers, trailers } = await call(proxy.port, Buffer.from([7, 0, 255]), metadata)

  expect(bytes).toEqual(Buffer.from([7, 0, 255]))
  expect(seen[0]?.get('grpc-trace-bin')).toEqual([Buffer.from([1, 2, 254])])
  expect(seen[0]?.get('x-many').join(',').replaceAll(' ', '')).toBe('a,b')
  expect(headers.get('x-head').join(',').replaceAll(' ', '')).toBe('one,two')
  expect(trailers.get('x-tail-bin')).toEqual([Buffer.from([0, 255, 1])])
})

test('a status of the function passes with its text and its details', async () => {
  const details = new Metadata()
  details.set('grpc-status-details-bin', Buffer.from([8, 5, 18, 1, 120]))
  const { port } = await startEcho(() => ({ code: status.NOT_FOUND, details: 'no order 7 — sorry', metadata: details }))
  const { proxy } = await setUpProxy(grpcWire, [port])

  const { error } = await call(proxy.port, Buffer.alloc(0))

  expect(error).toMatchObject({ code: status.NOT_FOUND, details: 'no order 7 — sorry' })
  expect(error?.metadata.get('grpc-status-details-bin')).toEqual([Buffer.from([8, 5, 18, 1, 120])])
})

test('a compressed message passes as it is', async () => {
  const { port } = await startEcho()
  const { proxy } = await setUpProxy(grpcWire, [port])
  const bytes = Buffer.alloc(10_000, 'a')

  const answered = await call(proxy.port, bytes, new Metadata(), { 'grpc.default_compression_algorithm': 2 })

  expect(answered.bytes?.equals(bytes)).toBe(true)
})

test('the deadline of the sender is nearer than the hold timeout', async () => {
  const { sidecar } = await setUpProxy(grpcWire, [await unusedPort()])

  const { code } = await sidecar.topic(Buffer.from('"x"'), { deadlineMs: 300 })

  expect(code).toBe('DEADLINE_EXCEEDED')
})

test('a held event is over at the deadline that its metadata names, whoever still waits', async () => {
  const { proxy } = await setUpProxy(grpcWire, [await unusedPort()])
  const session = connectHttp2(`http://127.0.0.1:${proxy.port}`)
  onTestFinished(() => session.destroy())
  const stream = session.request({
    ':method': 'POST',
    ':path': '/dapr.proto.runtime.v1.AppCallback/OnTopicEvent',
    'content-type': 'application/grpc+proto',
    'grpc-timeout': '200m',
  })
  stream.end(Buffer.from([0, 0, 0, 0, 0]))

  const headers = await new Promise<Record<string, unknown>>((resolve) => stream.once('response', resolve))

  expect(headers['grpc-status']).toBe(String(status.DEADLINE_EXCEEDED))
})

test('a stream that the replica refuses is tried elsewhere', async () => {
  const refusing = await startFrames((stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM))
  const ready = await startFrames(answerOk)
  const { sidecar } = await setUpProxy(grpcWire, [refusing, ready])

  for (let i = 0; i < 10; i += 1) expect((await sidecar.topic(Buffer.from('"x"'))).outcome).toBe('success')
})

test('after a GOAWAY the next event goes over a new connection', async () => {
  const sessions = new Set<unknown>()
  const port = await startFrames((stream) => {
    sessions.add(stream.session)
    answerOk(stream)
    stream.session?.goaway(constants.NGHTTP2_NO_ERROR)
  })
  const { sidecar } = await setUpProxy(grpcWire, [port])

  for (let i = 0; i < 5; i += 1) expect((await sidecar.topic(Buffer.from('"x"'))).outcome).toBe('success')

  expect(sessions.size).toBeGreaterThan(1)
})

test('an event that is reset under way is sent again, and the other streams of the connection go on', async () => {
  const port = await startFrames((stream, count) => {
    if (count === 1) setTimeout(() => stream.close(constants.NGHTTP2_INTERNAL_ERROR), 50)
    else setTimeout(() => answerOk(stream), 100)
  })
  const { proxy, sidecar } = await setUpProxy(grpcWire, [port])

  const [reset, other] = await Promise.all([sidecar.binding(Buffer.from('1')), sidecar.binding(Buffer.from('2'))])

  expect([reset.outcome, other.outcome]).toEqual(['success', 'success'])
  expect(await metric(proxy.adminPort, 'dapr_proxy_retries_total', ['cause="broken"'])).toBe(1)
})

test('an event whose reply breaks off before its status is sent again', async () => {
  const port = await startFrames((stream, count) => {
    if (count > 1) return answerOk(stream)
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
    stream.write(Buffer.from([0, 0, 0, 0, 0]))
    setTimeout(() => stream.session?.destroy(), 50)
  })
  const { proxy, sidecar } = await setUpProxy(grpcWire, [port])

  expect((await sidecar.binding(Buffer.from('1'))).outcome).toBe('success')
  expect(await metric(proxy.adminPort, 'dapr_proxy_retries_total', ['cause="broken"'])).toBe(1)
})

test('a reply to an event may be larger than what is withheld of it', async () => {
  const reply = Buffer.alloc(200_000, 7)
  const port = await startFrames((stream) => {
    stream.resume()
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
    stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
    // BindingEventResponse { data }
    const message = Buffer.concat([Buffer.from([0x22, 0xc0, 0x9a, 0x0c]), reply])
    const prefix = Buffer.from([0, 0, 0, 0, 0])
    prefix.writeUInt32BE(message.length, 1)
    stream.write(prefix)
    setTimeout(() => stream.end(message), 20)
  })
  const { sidecar } = await setUpProxy(grpcWire, [port])

  const heard = await sidecar.binding(Buffer.from('1'))

  expect([heard.outcome, heard.data.equals(reply)]).toEqual(['success', true])
})

test('an answer that is not gRPC never becomes UNIMPLEMENTED, which daprd would take for a drop', async () => {
  const port = await startFrames((stream) => {
    stream.resume()
    stream.respond({ ':status': 404, 'content-type': 'text/plain' })
    stream.end('not found')
  })
  const { sidecar } = await setUpProxy(grpcWire, [port])

  expect((await sidecar.topic(Buffer.from('"x"'))).code).toBe('UNAVAILABLE')
})

test('an event that the sender cuts off in the middle reaches nobody', async () => {
  let streams = 0
  const port = await startFrames((stream) => {
    streams += 1
    answerOk(stream)
  })
  const { proxy, sidecar } = await setUpProxy(grpcWire, [port])
  const session = connectHttp2(`http://127.0.0.1:${proxy.port}`)
  onTestFinished(() => session.destroy())
  const stream = session.request({
    ':method': 'POST',
    ':path': '/dapr.proto.runtime.v1.AppCallback/OnTopicEvent',
    'content-type': 'application/grpc',
  })
  stream.on('error', () => {})
  await new Promise((resolve) => stream.write(Buffer.from([0, 0, 0, 3, 232, ...Buffer.alloc(500)]), resolve))
  stream.close(constants.NGHTTP2_CANCEL)
  await new Promise((resolve) => stream.once('close', resolve))

  // Behind it on the same way: when this one is through, the other one would be.
  expect((await sidecar.topic(Buffer.from('"x"'))).outcome).toBe('success')
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(streams).toBe(1)
})

test('metadata of hundreds of entries passes', async () => {
  let fields = 0
  const port = await startFrames((stream, _count, headers) => {
    fields = Object.keys(headers).filter((name) => name.startsWith('x-header-')).length
    answerOk(stream)
  })
  const { proxy } = await setUpProxy(grpcWire, [port])
  const session = connectHttp2(`http://127.0.0.1:${proxy.port}`)
  onTestFinished(() => session.destroy())
  const many = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`x-header-${i}`, String(i)]))
  const stream = session.request({ ':method': 'POST', ':path': echo.path, 'content-type': 'application/grpc', ...many })
  stream.end(Buffer.from([0, 0, 0, 0, 0]))

  const headers = await new Promise<Record<string, unknown>>((resolve, reject) => {
    stream.once('response', resolve).once('error', reject)
  })

  expect([headers[':status'], fields]).toEqual([200, 300])
})

test('one connection carries a thousand events at a time', async () => {
  const waiting: ServerHttp2Stream[] = []
  const port = await startFrames((stream) => {
    waiting.push(stream)
    if (waiting.length === 1000) for (const each of waiting) answerOk(each)
  })
  const { sidecar } = await setUpProxy(grpcWire, [port])

  const answers = await Promise.all(Array.from({ length: 1000 }, () => sidecar.binding(Buffer.from('x'))))

  expect(answers.every(({ outcome }) => outcome === 'success')).toBe(true)
})

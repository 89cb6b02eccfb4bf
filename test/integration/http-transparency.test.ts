// What a function and daprd see of each other through the proxy over HTTP, on real sockets.

import { once } from 'node:events'
import { createServer, request, type Server } from 'node:http'
import { connect } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { httpWire, read } from '../support/http-wire.ts'
import { setUpProxy } from '../support/proxy.ts'
import { binding, topic } from '../support/wire.ts'

interface Request {
  readonly method: string
  readonly path: string
  readonly rawHeaders: string[]
  readonly body: Buffer
}

/** A function that answers everything with `answer` and tells what it saw. */
async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return (server.address() as { port: number }).port
}

async function startFunction(answer: { status?: number; headers?: string[]; body?: string } = {}) {
  const seen: Request[] = []
  const server = createServer({ maxHeaderSize: 64 * 1024 }, async (incoming, response) => {
    const body = await read(incoming)
    const { method = '', url: path = '', rawHeaders } = incoming
    seen.push({ method, path, rawHeaders, body })
    response.writeHead(answer.status ?? 200, answer.headers ?? []).end(answer.body)
  })
  return { seen, port: await listen(server), server }
}

/** Sends bytes as they are and gives back all that comes until the other side closes. */
async function raw(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.write(text)
  let answer = ''
  for await (const chunk of socket) answer += String(chunk)
  return answer
}

test('fields keep their order, spelling and number, both ways', async () => {
  const headers = ['X-One', '1', 'x-two', 'a', 'x-two', 'b', 'Set-Cookie', 'c=1', 'Set-Cookie', 'd=2', 'Date', 'never']
  const { seen, port } = await startFunction({ headers, body: 'ok' })
  const { proxy } = await setUpProxy(httpWire, [port])

  const answer = await raw(
    proxy.port,
    `POST /${binding} HTTP/1.1\r\nHost: app\r\nX-B: 1\r\nx-a: 2\r\nX-B: 3\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi`,
  )

  expect(seen[0]?.rawHeaders.join(' ')).toContain('X-B 1 x-a 2 X-B 3')
  expect(answer.split('\r\n').slice(0, 7)).toEqual([
    'HTTP/1.1 200 OK',
    'X-One: 1',
    'x-two: a',
    'x-two: b',
    'Set-Cookie: c=1',
    'Set-Cookie: d=2',
    'Date: never',
  ])
})

test('a chunked event reaches the function with its length, because the Go framework reads no other', async () => {
  const { seen, port } = await startFunction()
  const { proxy } = await setUpProxy(httpWire, [port])

  await raw(
    proxy.port,
    `POST /${binding} HTTP/1.1\r\nHost: app\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n`,
  )

  expect(seen[0]?.body.toString()).toBe('abcde')
  const lower = seen[0]?.rawHeaders.map((text) => text.toLowerCase()) ?? []
  expect(lower[lower.indexOf('content-length') + 1]).toBe('5')
  expect(lower).not.toContain('transfer-encoding')
})

test('an empty event has a length of 0', async () => {
  const { seen, port } = await startFunction()
  const { sidecar } = await setUpProxy(httpWire, [port])

  await sidecar.binding(Buffer.alloc(0))

  const lower = seen[0]?.rawHeaders.map((text) => text.toLowerCase()) ?? []
  expect(lower[lower.indexOf('content-length') + 1]).toBe('0')
})

test.each([
  ['names none, as the Go framework serves it', undefined, `/${topic}`],
  ['names its own, as the Node framework does', '/bus--orders--default', '/bus--orders--default'],
])('an event of a topic reaches a function that %s', async (_name, route, expected) => {
  const posts: string[] = []
  const port = await listen(
    createServer(async (incoming, response) => {
      await read(incoming)
      if (incoming.method === 'POST') posts.push(incoming.url ?? '')
      const list = [{ pubsubname: 'bus', topic, route }]
      if (incoming.url === '/dapr/subscribe' && route) response.end(JSON.stringify(list))
      else response.writeHead(incoming.url === expected ? 200 : 404).end()
    }),
  )
  const { sidecar } = await setUpProxy(httpWire, [port])

  const { code } = await sidecar.topic(Buffer.from('{}')).catch(() => ({ code: 'not JSON' }))

  expect(posts).toContain(expected)
  expect(code).not.toBe('404')
})

test('anything else is an invocation and passes with its method, path and query; its 404 is its own at once', async () => {
  const { seen, port } = await startFunction({ status: 404, body: 'no such order' })
  const { proxy } = await setUpProxy(httpWire, [port])

  const answer = await fetch(`http://127.0.0.1:${proxy.port}/orders/7?full=1`, { method: 'DELETE' })

  expect([answer.status, await answer.text()]).toEqual([404, 'no such order'])
  expect(seen[0]).toMatchObject({ method: 'DELETE', path: '/orders/7?full=1' })
})

test('an unknown binding is not wanted, and 405 is never said', async () => {
  const { port } = await startFunction()
  const { proxy } = await setUpProxy(httpWire, [port])
  const options = (path: string) => fetch(`http://127.0.0.1:${proxy.port}${path}`, { method: 'OPTIONS' })

  expect([(await options(`/${binding}`)).status, (await options('/other')).status]).toEqual([200, 404])
})

test('the app port leaves an idle connection open for longer than Node would', async () => {
  const { port } = await startFunction()
  const { proxy } = await setUpProxy(httpWire, [port])
  const socket = connect(proxy.port, '127.0.0.1')
  let isClosed = false
  socket.on('close', () => {
    isClosed = true
  })
  socket.write('GET /healthz HTTP/1.1\r\nHost: app\r\n\r\n')
  await new Promise((resolve) => socket.once('data', resolve))
  socket.resume()

  // Node's own default is five seconds.
  await new Promise((resolve) => setTimeout(resolve, 7000))

  expect(isClosed).toBe(false)
  socket.destroy()
})

test('a connection to the function rests in the last second of what Keep-Alive promises', async () => {
  const sockets: unknown[] = []
  const server = createServer({ keepAliveTimeout: 2000 }, async (incoming, response) => {
    await read(incoming)
    if (incoming.url !== '/dapr/subscribe') sockets.push(incoming.socket)
    response.end()
  })
  const { sidecar } = await setUpProxy(httpWire, [await listen(server)])
  const send = () => sidecar.binding(Buffer.from('x'))

  await send()
  await send()
  await new Promise((resolve) => setTimeout(resolve, 1300))
  await send()

  expect(sockets[0]).toBe(sockets[1])
  expect(sockets[2]).not.toBe(sockets[1])
})

test('an event that announces more than the limit is refused before it is sent', async () => {
  const { seen, port } = await startFunction()
  const { proxy } = await setUpProxy(httpWire, [port], { PROXY_MAX_EVENT_BYTES: '1000' })

  const socket = connect(proxy.port, '127.0.0.1')
  onTestFinished(() => {
    socket.destroy()
  })
  socket.write(`POST /${binding} HTTP/1.1\r\nHost: app\r\nContent-Length: 1001\r\n\r\n`)
  const [answer] = (await once(socket, 'data')) as [Buffer]

  expect(answer.toString()).toMatch(/^HTTP\/1.1 413 /)
  expect(seen).toEqual([])
})

test('a sender that writes on is told that its event is too large, not reset', async () => {
  const { port } = await startFunction()
  const { proxy } = await setUpProxy(httpWire, [port])
  const body = Buffer.alloc(8 * 1024 * 1024)
  const post = async () => (await fetch(`http://127.0.0.1:${proxy.port}/${binding}`, { method: 'POST', body })).status

  for (let i = 0; i < 5; i += 1) expect(await post()).toBe(413)
})

test('hundreds of fields pass', async () => {
  const { seen, port, server } = await startFunction()
  server.maxHeadersCount = 0
  const { sidecar } = await setUpProxy(httpWire, [port])
  const metadata = Object.fromEntries(Array.from({ length: 1500 }, (_, i) => [`x-field-${i}`, String(i)]))

  await sidecar.binding(Buffer.from('x'), { metadata })

  expect(seen[0]?.rawHeaders.filter((text) => text.startsWith('x-field-'))).toHaveLength(1500)
})

test('a function that starts anew at its address boots anew: its first 404 is not its answer', async () => {
  let hasRoutes = true
  const create = () =>
    createServer(async (incoming, response) => {
      await read(incoming)
      response.writeHead(hasRoutes || incoming.url === '/dapr/subscribe' ? 200 : 404).end()
    })
  const first = create()
  const port = await listen(first)
  const { sidecar } = await setUpProxy(httpWire, [port])
  expect((await sidecar.binding(Buffer.from('1'))).outcome).toBe('success')

  first.closeAllConnections()
  await new Promise((resolve) => first.close(resolve))
  hasRoutes = false
  const second = create()
  await new Promise<void>((resolve) => second.listen(port, '127.0.0.1', resolve))
  onTestFinished(() => {
    second.close()
    second.closeAllConnections()
  })
  setTimeout(() => {
    hasRoutes = true
  }, 500)

  expect((await sidecar.binding(Buffer.from('2'))).outcome).toBe('success')
})

test('a request with two lengths, or with a length and chunks, never reaches the function', async () => {
  const { seen, port } = await startFunction()
  const { proxy } = await setUpProxy(httpWire, [port])
  const post = (fields: string) => raw(proxy.port, `POST /${binding} HTTP/1.1\r\nHost: app\r\n${fields}\r\n\r\nabc`)

  expect(await post('Content-Length: 3\r\nContent-Length: 4')).toMatch(/^HTTP\/1.1 400 /)
  expect(await post('Content-Length: 3\r\nTransfer-Encoding: chunked')).toMatch(/^HTTP\/1.1 400 /)
  expect(seen).toEqual([])
})

test('a HEAD invocation keeps its headers and has no body', async () => {
  const { port } = await startFunction({ headers: ['x-a', 'b'] })
  const { proxy } = await setUpProxy(httpWire, [port])
  const status = await new Promise((resolve, reject) => {
    const outgoing = request({ port: proxy.port, host: '127.0.0.1', method: 'HEAD', path: '/x' }, (incoming) => {
      incoming.resume()
      resolve([incoming.statusCode, incoming.headers['x-a']])
    })
    outgoing.on('error', reject).end()
  })

  expect(status).toEqual([200, 'b'])
})

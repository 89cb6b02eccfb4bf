// Invocations over HTTP pass through the proxy as through a relay of bytes, on real sockets.

import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { httpWire, read } from '../support/http-wire.ts'
import { eventually, metric, setUpProxy, unusedPort } from '../support/proxy.ts'
import { rawClient, rawFunction, rawServer } from '../support/raw-http.ts'

const get = 'GET /x HTTP/1.1\r\nHost: app\r\n\r\n'
const proxyTo = async (port: number, env: Record<string, string> = {}) =>
  (await setUpProxy(httpWire, [port], env)).proxy

test.each([
  [
    'a phrase, fields in their spelling and a length',
    'HTTP/1.1 299 Quite All Right\r\nx-A: 1\r\nX-a:  2\r\nEmpty:\r\nContent-Length: 2\r\n\r\nhi',
  ],
  ['bytes above ASCII', 'HTTP/1.1 200 OK\r\nX: \xe4\xff\r\nContent-Length: 1\r\n\r\n\xff'],
  ['no content', 'HTTP/1.1 204 No Content\r\nX: 1\r\n\r\n'],
  ['not modified with a length', 'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\nContent-Length: 77\r\n\r\n'],
  ['an empty body', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'],
  ['an error of its own', 'HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nnot'],
  [
    'chunks and trailers',
    'HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-Sum: 7\r\n\r\n',
  ],
  [
    'interim answers',
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
  ],
])('%s reach the sender as they are', async (_what, answer) => {
  const replica = await rawFunction(() => answer)
  const client = rawClient((await proxyTo(replica.port)).port, get)
  const expected = answer.replace('X-a:  2', 'X-a: 2').replace('Empty:', 'Empty: ')

  await eventually(() => client.text().length >= expected.length)

  expect(client.text()).toBe(expected)
})

test('HEAD keeps the length of the body that it has not', async () => {
  const replica = await rawFunction(() => 'HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n')
  const client = rawClient((await proxyTo(replica.port)).port, `HEAD /x HTTP/1.1\r\nHost: app\r\n\r\n${get}`)

  // The second answer begins right behind the first.
  expect(await client.until('\r\n\r\nHTTP/1.1')).toContain('Content-Length: 1234\r\n\r\nHTTP/1.1 200')
  expect(replica.requests.map((text) => text.split(' ')[0])).toEqual(['HEAD', 'GET'])
})

test('a request without a body gets no length on its way, and an empty one keeps its own', async () => {
  const replica = await rawFunction(() => 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
  const { port } = await proxyTo(replica.port)
  const client = rawClient(port, `${get}POST /y HTTP/1.1\r\nHost: app\r\nContent-Length: 0\r\n\r\n`)

  await eventually(() => replica.requests.length === 2)

  expect(replica.requests).toEqual([get, 'POST /y HTTP/1.1\r\nHost: app\r\nContent-Length: 0\r\n\r\n'])
  client.socket.destroy()
})

test('a chunked request keeps its chunks and trailers', async () => {
  const replica = await rawFunction(() => 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
  const sent = 'POST /y HTTP/1.1\r\nHost: app\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 7\r\n\r\n'
  const client = rawClient((await proxyTo(replica.port)).port, sent)
  await client.until('200 OK')

  expect(replica.requests).toEqual([sent])
})

test('trailers that would frame or route a message stay behind', async () => {
  const replica = await rawFunction(
    () => 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: 1\r\nContent-Length: 3\r\n\r\n',
  )
  const sent = 'POST /y HTTP/1.1\r\nHost: app\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n'
  const client = rawClient((await proxyTo(replica.port)).port, `${sent}Transfer-Encoding: x\r\nX: 1\r\nhost: b\r\n\r\n`)

  expect(await client.until('0\r\nX: 1\r\n\r\n')).not.toContain('Content-Length')
  expect(replica.requests).toEqual([`${sent}X: 1\r\n\r\n`])
})

test('an absolute URL goes where its path says, with its host', async () => {
  const replica = await rawFunction(() => 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
  const { port } = await proxyTo(replica.port)

  await rawClient(port, 'GET http://other:1/a?b=1 HTTP/1.1\r\nHost: app\r\n\r\n').until('200 OK')
  await rawClient(port, 'POST http://app/cron HTTP/1.1\r\nHost: app\r\nContent-Length: 0\r\n\r\n').until('200 OK')
  expect(await rawClient(port, 'OPTIONS http://app/nobody HTTP/1.1\r\nHost: app\r\n\r\n').until('HTTP/1.1')).toContain(
    ' 404 ',
  )

  expect(replica.requests[0]).toBe('GET /a?b=1 HTTP/1.1\r\nHost: other:1\r\n\r\n')
  expect(replica.requests[1]).toContain('POST /cron HTTP/1.1')
})

test.each(['jobs', 'configuration', 'actors'])(
  'what daprd says to %s is passed on, whatever events there are',
  async (kind) => {
    const paths = { jobs: '/job/a%20b', configuration: '/configuration/store/key', actors: '/actors/T/1/method/m' }
    const path = paths[kind as keyof typeof paths]
    const replica = await rawFunction(() => 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n')
    const client = rawClient(
      (await proxyTo(replica.port)).port,
      `PUT ${path} HTTP/1.1\r\nHost: app\r\nContent-Length: 2\r\n\r\n{}`,
    )

    expect(await client.until('\r\n\r\n')).toContain('HTTP/1.1 404 Not Found')
    expect(replica.requests).toHaveLength(1)
  },
)

test('a body of any size streams both ways, and a slow reader holds it up', async () => {
  const size = 64 * 1024 * 1024
  let isPaused = true
  let seen = 0
  const server = createServer((incoming, response) => {
    response.writeHead(200, { 'content-length': incoming.headers['content-length'] })
    incoming.on('data', (bytes: Buffer) => {
      seen += bytes.length
    })
    incoming.pipe(response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = await proxyTo((server.address() as { port: number }).port)
  const block = randomBytes(1024 * 1024)
  const sentHash = createHash('sha256')
  const gotHash = createHash('sha256')

  const outgoing = request({
    port,
    host: '127.0.0.1',
    method: 'POST',
    path: '/big',
    headers: { 'content-length': size },
  })
  const answered = once(outgoing, 'response')
  for (let sent = 0; sent < size; sent += block.length) {
    sentHash.update(block)
    if (!outgoing.write(block) && isPaused) {
      // Nobody reads the answer yet: all that is under way fits buffers on the way.
      const [incoming] = await answered
      let before = -1
      while (before !== seen) {
        before = seen
        await new Promise((resolve) => setTimeout(resolve, 200))
      }
      expect(seen).toBeLessThan(size / 2)
      isPaused = false
      incoming.on('data', (bytes: Buffer) => gotHash.update(bytes))
    }
  }
  outgoing.end()
  const [incoming] = await answered
  await once(incoming, 'end')

  expect(gotHash.digest('hex')).toBe(sentHash.digest('hex'))
}, 120_000)

test.each([
  ['a length', 'Content-Length: 10', 'abc'],
  ['chunks', 'Transfer-Encoding: chunked', '3\r\nabc\r\n'],
])('an answer with %s that is cut is cut for the sender as well', async (_what, field, part) => {
  const replica = await rawFunction((_request, socket) => {
    setTimeout(() => socket.destroy(), 50)
    return `HTTP/1.1 200 OK\r\n${field}\r\n\r\n${part}`
  })
  const proxy = await proxyTo(replica.port)
  const client = rawClient(proxy.port, get)

  const { text } = await client.closed()

  expect(text).toBe(`HTTP/1.1 200 OK\r\n${field}\r\n\r\n${part}`)
  expect(replica.requests).toHaveLength(1)
  await eventually(async () => (await metric(proxy.adminPort, 'dapr_proxy_events_total', ['outcome="broken"'])) === 1)
})

test('an answer that ends with its connection ends in order, and by a reset does not', async () => {
  let isReset = false
  const replica = await rawFunction((_request, socket) => {
    setTimeout(() => (isReset ? socket.resetAndDestroy() : socket.end()), 50)
    return 'HTTP/1.1 200 OK\r\n\r\nabc'
  })
  const { port } = await proxyTo(replica.port)

  expect(await rawClient(port, get).until('0\r\n\r\n')).toBe(
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
  )
  isReset = true
  expect((await rawClient(port, get).closed()).text).toBe(
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n',
  )
  isReset = false
  const old = await rawClient(port, 'GET /x HTTP/1.0\r\n\r\n').closed()
  expect(old).toEqual({ text: 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc', isReset: false })
})

test('a request that is cut is cut for the function as well', async () => {
  let isCut = false
  const port = await rawServer((socket) => {
    socket.on('close', () => {
      isCut = true
    })
    socket.resume()
    socket.on('end', () => socket.end())
  })
  const client = rawClient((await proxyTo(port)).port, 'POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc')
  await new Promise((resolve) => setTimeout(resolve, 100))
  client.socket.destroy()

  await eventually(() => isCut)
})

test('an answer that comes before the end of its request passes, and the rest of the request is thrown away', async () => {
  const early = await rawServer((socket) => {
    socket.once('data', () => socket.write('HTTP/1.1 413 Too Much\r\nContent-Length: 0\r\n\r\n'))
    socket.on('end', () => socket.end())
  })
  const client = rawClient(
    (await proxyTo(early)).port,
    'POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nabc',
  )

  await client.until('413 Too Much')
  client.socket.write('x'.repeat(1_000_000 - 3))
  client.socket.write('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n')

  expect(await client.until('ok\n')).toContain('HTTP/1.1 200 OK')
})

test('who waits for 100 Continue gets that of the function for an invocation, and our own for an event', async () => {
  const replica = await rawFunction(
    (text) => (text.endsWith('abc') ? 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n' : 'HTTP/1.1 100 Continue\r\n\r\n'),
    () => true,
  )
  const { port } = await proxyTo(replica.port)
  const fields = 'Host: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n'

  const invocation = rawClient(port, `POST /x HTTP/1.1\r\n${fields}`)
  expect(await invocation.until('\r\n\r\n')).toBe('HTTP/1.1 100 Continue\r\n\r\n')
  invocation.socket.write('abc')
  await invocation.until('200 OK')
  const event = rawClient(port, `POST /cron HTTP/1.1\r\n${fields}`)
  expect(await event.until('\r\n\r\n')).toBe('HTTP/1.1 100 Continue\r\n\r\n')
  expect(replica.requests).toHaveLength(2)
  event.socket.write('abc')
  await event.until('200 OK')

  expect(replica.requests[0]).toContain('Expect: 100-continue')
  expect(replica.requests.at(-1)).not.toContain('Expect')
})

test('a spurious 100 Continue before the answer to an event means nothing', async () => {
  const replica = await rawFunction(() => 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi')
  const { sidecar } = await setUpProxy(httpWire, [replica.port])

  expect(await sidecar.binding(Buffer.from('x'))).toMatchObject({ code: '200', text: 'hi' })
})

test('whoever closes its side still gets its answer; whoever has gone away is noticed', async () => {
  let isCut = false
  const replica = await rawFunction((text, socket) => {
    socket.once('close', () => {
      isCut = true
    })
    const isSlow = text.includes('slow')
    if (!isSlow) setTimeout(() => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi'), 300)
    return undefined
  })
  const { port } = await proxyTo(replica.port)

  const half = rawClient(port, 'POST /cron HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n')
  half.socket.end()
  expect((await half.closed()).text).toMatch(
    /^(HTTP\/1.1 100 Continue\r\n\r\n)+HTTP\/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi$/,
  )
  expect(isCut).toBe(false)

  const gone = rawClient(port, 'POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n')
  await eventually(() => replica.requests.length === 2)
  gone.socket.destroy()
  await eventually(() => isCut)
})

test('an invocation waits for a replica with its body', async () => {
  const port = await unusedPort()
  const { proxy } = await setUpProxy(httpWire, [port])
  const body = randomBytes(1024 * 1024)
  const answer = fetch(`http://127.0.0.1:${proxy.port}/x`, { method: 'POST', body })
  await eventually(async () => (await metric(proxy.adminPort, 'dapr_proxy_held')) === 1)

  const server = createServer(async (incoming, response) => response.end(await read(incoming)))
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })

  expect(Buffer.from(await (await answer).arrayBuffer()).equals(body)).toBe(true)
})

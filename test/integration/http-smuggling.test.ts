// What the function sees is what the proxy accepted: requests that two readers could read differently go no further.

import { createServer } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { httpWire, read } from '../support/http-wire.ts'
import { setUpProxy } from '../support/proxy.ts'
import { rawClient } from '../support/raw-http.ts'

/** A backend with another parser than ours (llhttp), which counts. */
async function setUp() {
  const seen: string[] = []
  const server = createServer(async (incoming, response) => {
    const body = await read(incoming)
    if (incoming.url !== '/dapr/subscribe') seen.push(`${incoming.method} ${incoming.url} ${body}`)
    response.end('seen')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const { proxy } = await setUpProxy(httpWire, [(server.address() as { port: number }).port])
  return { seen, port: proxy.port }
}

const evil = 'GET /evil HTTP/1.1\r\nHost: a\r\n\r\n'
const chunks = `0\r\n\r\n${evil}`
const length = evil.length

test.each([
  ['CL.TE', `Content-Length: ${chunks.length}\r\nTransfer-Encoding: chunked`, chunks],
  ['TE.CL', `Transfer-Encoding: chunked\r\nContent-Length: 4`, `1\r\na\r\n${chunks}`],
  ['TE.TE', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: x', chunks],
  ['TE with a list', 'Transfer-Encoding: x, chunked', chunks],
  ['TE in another spelling', 'Transfer-Encoding: chunked\r\ntransfer-encoding: identity', chunks],
  ['TE behind a space', 'Transfer-Encoding : chunked', chunks],
  ['TE folded', 'Transfer-Encoding:\r\n chunked', chunks],
  ['TE behind NUL', 'Transfer-Encoding: \0chunked', chunks],
  ['TE behind a vertical tab', 'Transfer-Encoding: \x0bchunked', chunks],
  ['TE behind a bare LF', `X: y\nTransfer-Encoding: chunked`, chunks],
  ['TE behind a bare CR', `X: y\rTransfer-Encoding: chunked`, chunks],
  ['two lengths', `Content-Length: 0\r\nContent-Length: ${length}`, evil],
  ['two lengths in two spellings', `content-length: 0\r\nCONTENT-LENGTH: ${length}`, evil],
  ['two equal lengths', `Content-Length: 0\r\nContent-Length: 0`, evil],
  ['a list of lengths', `Content-Length: 0, ${length}`, evil],
  ['a negative length', 'Content-Length: -1', evil],
  ['a length with a plus', 'Content-Length: +0', evil],
  ['a hexadecimal length', 'Content-Length: 0x0', evil],
  ['a chunk size with a plus', 'Transfer-Encoding: chunked', `+0\r\n\r\n${evil}`],
  ['a chunk with a bare LF', 'Transfer-Encoding: chunked', `0\n\r\n${evil}`],
  ['an extension with a bare LF', 'Transfer-Encoding: chunked', `1;\n2\r\na\r\n0\r\n\r\n${evil}`],
  ['a chunk that is too long', 'Transfer-Encoding: chunked', `1\r\nabc\r\n0\r\n\r\n${evil}`],
])('%s is refused, and nothing behind it is read', async (_what, fields, body) => {
  const { seen, port } = await setUp()

  for (const path of ['/cron', '/anything']) {
    const { text } = await rawClient(port, `POST ${path} HTTP/1.1\r\nHost: a\r\n${fields}\r\n\r\n${body}`).closed()
    expect(text.match(/HTTP\/1.1 \d+/g)).toEqual([expect.stringMatching(/ (400|501)$/)])
  }

  expect(seen).toEqual([])
})

test.each([
  ['no host', 'GET /x HTTP/1.1\r\n\r\n', 400],
  ['two hosts', 'GET /x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', 400],
  ['chunks in HTTP/1.0', `POST /x HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`, 400],
  ['another version', 'GET /x HTTP/3.0\r\nHost: a\r\n\r\n', 505],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 505],
  ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n', 400],
])('%s is refused', async (_what, bytes, status) => {
  const { seen, port } = await setUp()

  expect((await rawClient(port, bytes).closed()).text).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
  expect(seen).toEqual([])
})

test.each(['CONNECT a:80', 'GET a:80', 'GET x', 'GET ftp://a/'])('%s has no target of ours', async (line) => {
  const { seen, port } = await setUp()

  expect(await rawClient(port, `${line} HTTP/1.1\r\nHost: a\r\n\r\n`).until('\r\n\r\n')).toMatch(/^HTTP\/1.1 400 /)
  expect(seen).toEqual([])
})

test('requests sent ahead are answered one by one, in their order', async () => {
  const { seen, port } = await setUp()
  const posts = Array.from({ length: 20 }, (_, i) => {
    const body =
      i % 2 === 0
        ? `Content-Length: 2\r\n\r\n${String(i).padStart(2)}`
        : `Transfer-Encoding: chunked\r\n\r\n2\r\n${String(i).padStart(2)}\r\n0\r\n\r\n`
    return `\r\nPOST ${i % 3 === 0 ? '/cron' : '/x'} HTTP/1.1\r\nHost: a\r\n${body}`
  })
  const client = rawClient(port, `${posts.join('')}GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)

  const { text } = await client.closed()

  expect(text.match(/HTTP\/1.1 200 OK/g)).toHaveLength(21)
  expect(seen.map((each) => each.slice(-2))).toEqual([...posts.map((_, i) => String(i).padStart(2)), 't '])
})

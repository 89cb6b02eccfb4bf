// One replica behind the proxy, and the same one behind a relay of bytes: neither side can tell the two apart.

import { connect, createServer, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { grpcWire } from '../support/grpc-wire.ts'
import { httpWire } from '../support/http-wire.ts'
import { eventually, setUpProxy } from '../support/proxy.ts'
import { rawClient, rawServer } from '../support/raw-http.ts'
import { startRelay } from '../support/relay.ts'

const app = { PROXY_MODE: 'app' }

describe('http', () => {
  const fields = 'Host: 127.0.0.1:8080\r\nUser-Agent: Go-http-client/1.1\r\n'
  const fromDaprd =
    'Content-Type: application/json\r\nDapr-App-Id: app\r\nDapr-Api-Token: t\r\nAccept-Encoding: gzip\r\n'
  const get = (path: string) => `GET ${path} HTTP/1.1\r\n${fields}${fromDaprd}\r\n`
  // The length stands last, as the proxy writes it; the order of different fields means nothing (RFC 9110 §5.3).
  const send = (line: string, body: string, more = fromDaprd) =>
    `${line} HTTP/1.1\r\n${fields}${more}Content-Length: ${body.length}\r\n\r\n${body}`
  const say = (line: string, body: string, more = '') =>
    `HTTP/1.1 ${line}\r\n${more}Date: Tue, 24 Nov 2026 10:00:00 GMT\r\nContent-Length: ${body.length}\r\n\r\n${body}`

  /** Sends `request` to an app that says `answer` and, if so, hangs up. Resolves to what each side has seen. */
  async function exchange(reach: (port: number) => Promise<number>, request: string, answer: string, hangsUp: boolean) {
    let asked = ''
    const port = await rawServer((socket: Socket) => {
      socket.on('data', (bytes) => {
        asked += bytes.toString('latin1')
        if (asked.length < request.length) return
        socket.write(answer, 'latin1')
        if (hangsUp) setTimeout(() => socket.destroy(), 50)
      })
    })
    const client = rawClient(await reach(port), request)
    if (hangsUp) await client.closed()
    else await eventually(() => client.text().length >= answer.length)
    const said = client.text()
    client.socket.destroy()
    return { asked, said }
  }

  const relay = async (port: number) => (await startRelay(port)).port
  const proxy = async (port: number) => (await setUpProxy(httpWire, [port], app)).proxy.port

  test.each<[string, string, string]>([
    ['config', get('/dapr/config'), say('200 OK', '{"entities":["T"],"actorIdleTimeout":"1h"}')],
    ['no config', get('/dapr/config'), say('404 Not Found', 'Cannot GET', 'X-Powered-By: Express\r\n')],
    ['subscriptions', get('/dapr/subscribe'), say('200 OK', '[{"pubsubname":"bus","topic":"t","route":"/t"}]')],
    ['an error instead of them', get('/dapr/subscribe'), say('503 Not Yet', '')],
    ['a binding it reads', send('OPTIONS /cron', ''), say('405 Method Not Allowed', '', 'Allow: POST\r\n')],
    ['a binding it does not', send('OPTIONS /other', ''), say('404 Not Found', 'no')],
    ['health', `GET /healthz HTTP/1.1\r\n${fields}\r\n`, 'HTTP/1.1 204 No Content\r\n\r\n'],
    ['illness', `GET /healthz HTTP/1.1\r\n${fields}\r\n`, say('500 Internal Server Error', 'ill')],
    ['a job', send('POST /job/a%20b%2Fc', '{"a":1}'), say('404 Not Found', 'no such job')],
    ['configuration', send('POST /configuration/store/key', '{"id":"1"}'), say('200 OK', '')],
    ['an actor', send('PUT /actors/T/1/method/m', 'x'), say('200 OK', 'y', 'X-Daprerrorresponseheader: e\r\n')],
    ['a reminder', send('PUT /actors/T/1/method/remind/r', '{}'), say('200 OK', '', 'X-Daprremindercancel: true\r\n')],
    ['an actor that leaves', send('DELETE /actors/T/1', ''), say('200 OK', '')],
    ['an input', send('POST /cron', '{}'), say('204 Nothing', '').replace('Content-Length: 0\r\n', '')],
    [
      'an event',
      send('POST /t', '{"id":"1"}', 'Content-Type: application/cloudevents+json\r\nPubsubname: bus\r\n'),
      say('200 OK', '{"status":"RETRY"}'),
    ],
    ['a bulk event', send('POST /t', '{"entries":[]}'), say('200 OK', '{"statuses":[]}')],
    [
      'a call with a query',
      get('/any/path?a=b%20c&&d'),
      say('299 Quite  Right', 'hi', 'x-A: 1\r\nx-a: 2\r\nX-A: 1\r\n'),
    ],
    ['odd fields', get('/x'), say('200 OK', '\xff\x00', "!#$%&'*+-.^_`|~9: \xe4\xff \t x\r\nX-Empty: \r\n")],
    [
      'odd metadata of a binding',
      send(
        'POST /cron',
        '{}',
        "!#$%&'*+-.^_`|~9: \xe4\xff,\t x\r\nX-Empty: \r\n__key: a/b?c\r\nX: 1\r\nx: 2\r\nX: 1\r\n",
      ),
      say('200 OK', ''),
    ],
    ['cookies', get('/x'), say('200 OK', '', 'Set-Cookie: a=1\r\nX: 1\r\nset-cookie: b=2, c\r\n')],
    [
      'interim answers',
      get('/x'),
      `HTTP/1.1 103 Early\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n${say('200 OK', '')}`,
    ],
    [
      'chunks of its own size, and trailers',
      get('/x'),
      'HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 7\r\nx-b: 1\r\n\r\n',
    ],
    ['a length without a body', send('HEAD /x', ''), 'HTTP/1.1 200 OK\r\nContent-Length: 12345\r\n\r\n'],
    [
      'a length of what is not modified',
      get('/x'),
      'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\nContent-Length: 77\r\n\r\n',
    ],
    ['a redirect', get('/x'), say('302 Found', '', 'Location: http://elsewhere/\r\n')],
  ])('%s', async (_what, request, answer) => {
    const direct = await exchange(relay, request, answer, false)
    const ours = await exchange(proxy, request, answer, false)

    expect(direct).toEqual({ asked: request, said: answer })
    expect(ours).toEqual(direct)
  })

  test.each<[string, string]>([
    ['in a length', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc'],
    ['in a chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n'],
  ])('an answer that is cut %s is cut at the same byte', async (_what, answer) => {
    const direct = await exchange(relay, get('/x'), answer, true)

    expect(direct.said).toBe(answer)
    expect(await exchange(proxy, get('/x'), answer, true)).toEqual(direct)
  })
})

describe('grpc', () => {
  const callback = '/dapr.proto.runtime.v1.AppCallback'
  const frame = (text: string) => Buffer.concat([Buffer.from([0, 0, 0, 0, text.length]), Buffer.from(text, 'latin1')])

  /** Without the note of Node on what may be indexed, which concerns one connection alone. */
  const named = (headers: IncomingHttpHeaders) => Object.fromEntries(Object.entries(headers))

  interface Answer {
    readonly head?: OutgoingHttpHeaders
    /** Absent: the status is in the one section that there is. */
    readonly body?: string
    readonly tail: OutgoingHttpHeaders
  }

  /** Calls an app that gives `answer`. Resolves to what each side has seen. */
  async function exchange(reach: (port: number) => Promise<number>, path: string, { head, body, tail }: Answer) {
    const asked: unknown[] = []
    const server = createServer()
    server.on('stream', (stream, headers) => {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        asked.push(named(headers), Buffer.concat(chunks).toString('latin1'))
        const first = { 'content-type': 'application/grpc', date: 'Tue, 24 Nov 2026 10:00:00 GMT', ...head }
        if (body === undefined) return stream.respond({ ...first, ...tail }, { endStream: true })
        stream.respond(first, { waitForTrailers: true })
        stream.once('wantTrailers', () => stream.sendTrailers(tail))
        stream.end(frame(body))
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const session = connect(`http://127.0.0.1:${await reach((server.address() as AddressInfo).port)}`)
    onTestFinished(() => {
      session.destroy()
      server.close()
    })
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      // Ports differ from one run to the next.
      ':authority': 'app',
      'content-type': 'application/grpc+proto',
      'user-agent': 'grpc-go/1.80.0',
      te: 'trailers',
      'dapr-api-token': 't',
      'grpc-trace-bin': 'AAECAw',
      'x-many': ['a', 'b'],
    })
    const said: unknown[] = []
    stream.on('response', (headers: IncomingHttpHeaders) => said.push(named(headers)))
    stream.on('trailers', (headers: IncomingHttpHeaders) => said.push(named(headers)))
    const chunks: Buffer[] = []
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.end(frame('what is asked'))
    await new Promise((resolve) => stream.once('close', resolve))
    return { asked, said: [...said, Buffer.concat(chunks).toString('latin1')] }
  }

  const relay = async (port: number) => (await startRelay(port)).port
  const proxy = async (port: number) => (await setUpProxy(grpcWire, [port], app)).proxy.port

  test.each<[string, string, Answer]>([
    ['subscriptions', `${callback}/ListTopicSubscriptions`, { body: 'topics', tail: { 'grpc-status': '0' } }],
    ['no subscriptions', `${callback}/ListTopicSubscriptions`, { tail: { 'grpc-status': '12', 'grpc-message': 'no' } }],
    ['bindings', `${callback}/ListInputBindings`, { body: 'names', tail: { 'grpc-status': '0' } }],
    ['no bindings', `${callback}/ListInputBindings`, { tail: { 'grpc-status': '12', 'grpc-message': 'no %25' } }],
    ['health', `${callback}HealthCheck/HealthCheck`, { body: '', tail: { 'grpc-status': '0' } }],
    ['illness', `${callback}HealthCheck/HealthCheck`, { tail: { 'grpc-status': '14', 'grpc-message': 'ill' } }],
    ['a job that is not known', `${callback}/OnJobEvent`, { tail: { 'grpc-status': '5' } }],
    ['a job by its older name', `${callback}Alpha/OnJobEventAlpha1`, { body: '', tail: { 'grpc-status': '0' } }],
    ['an event', `${callback}/OnTopicEvent`, { body: '\b\x02', tail: { 'grpc-status': '0' } }],
    ['a bulk event', `${callback}/OnBulkTopicEvent`, { body: '', tail: { 'grpc-status': '0' } }],
    ['an input', `${callback}/OnBindingEvent`, { body: '"\x01x', tail: { 'grpc-status': '0' } }],
    [
      'a call with metadata of all kinds',
      `${callback}/OnInvoke`,
      {
        head: { 'x-head': ['1', '2'], 'x-head-bin': 'AAEC', 'grpc-encoding': 'identity' },
        body: '\x00\xff',
        tail: { 'grpc-status': '0', 'x-tail-bin': '/+8', 'x-tail': ['a', 'b'] },
      },
    ],
    [
      'an error with details of a service that nobody knows',
      '/any.Service/Method',
      {
        head: { 'x-head': '1' },
        tail: { 'grpc-status': '9', 'grpc-message': '%C3%BC', 'grpc-status-details-bin': 'CAU' },
      },
    ],
  ])('%s', async (_what, path, answer) => {
    const direct = await exchange(relay, path, answer)

    expect(direct.asked).toHaveLength(2)
    expect(JSON.stringify(direct.said)).toContain('"grpc-status"')
    expect(await exchange(proxy, path, answer)).toEqual(direct)
  })
})

// Each rule about what daprd is told for an event over HTTP, with a function that answers bytes.

import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { httpWire } from '../support/http-wire.ts'
import { eventually, metric, setUpProxy, unusedPort } from '../support/proxy.ts'
import { rawClient, rawFunction } from '../support/raw-http.ts'

const answer = (status: string, body = '', fields = '') =>
  `HTTP/1.1 ${status}\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`
const post = (path: string, body: string, type = 'application/cloudevents+json') =>
  `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Type: ${type}\r\nPubsubname: bus\r\nContent-Length: ${body.length}\r\n\r\n${body}`
const event = post('/orders', '{"id":"1","source":"s","specversion":"1.0"}')

async function setUp(said: string) {
  const replica = await rawFunction(() => said)
  const { proxy } = await setUpProxy(httpWire, [replica.port])
  return { replica, proxy, port: proxy.port }
}

/** The status, and the body by its length. */
async function ask(port: number, request: string): Promise<{ status: number; body: string; text: string }> {
  const client = rawClient(port, request)
  const head = await client.until('\r\n\r\n')
  const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)
  const start = head.indexOf('\r\n\r\n') + 4
  await eventually(() => client.text().length >= start + length)
  const text = client.text()
  client.socket.destroy()
  return { status: Number(text.slice(9, 12)), body: text.slice(start), text }
}

test.each([
  ['200 OK', '', 'success'],
  ['200 OK', '{"status":"SUCCESS"}', 'success'],
  ['200 OK', 'no JSON', 'success'],
  ['200 OK', '{"status":"RETRY"}', 'retry'],
  ['200 OK', '{"status":"DROP"}', 'drop'],
  ['200 OK', '{"status":"ok"}', 'retry'],
  ['302 Found', '', 'failed'],
  ['500 Oh', 'why', 'failed'],
  ['503 Oh', 'why', 'failed'],
])(
  'the answer %s %s to a topic is its own, counted as such, and the event is not tried again',
  async (status, body, verdict) => {
    const { replica, proxy, port } = await setUp(answer(status, body))

    expect((await ask(port, event)).text).toBe(answer(status, body))

    expect(replica.requests).toHaveLength(1)
    expect(await metric(proxy.adminPort, 'dapr_proxy_events_total', [`outcome="${verdict}"`])).toBe(1)
  },
)

test('a 404 to a topic passes once the function has answered anything else, and is a boot before that', async () => {
  let said = answer('200 OK')
  const replica = await rawFunction(() => said)
  const { port } = (await setUpProxy(httpWire, [replica.port])).proxy
  await ask(port, event)
  said = answer('404 Not Found', 'none')
  const fresh = await rawFunction(() => said)
  const booting = (await setUpProxy(httpWire, [fresh.port], { PROXY_HOLD_TIMEOUT: '300ms' })).proxy

  expect((await ask(port, event)).text).toBe(said)
  expect((await ask(booting.port, event)).status).toBe(503)
})

test.each([
  ['201 Created', 200],
  ['202 Accepted', 200],
  ['204 No Content', 200],
  ['299 Own', 200],
  ['400 Bad', 400],
  ['500 Oh', 500],
])('the answer %s to a binding is %d for daprd', async (said, status) => {
  const text = said.startsWith('204') ? 'HTTP/1.1 204 No Content\r\n\r\n' : answer(said, 'x')
  const { replica, port } = await setUp(text)

  const heard = await ask(port, post('/cron', '', 'application/json'))

  expect([heard.status, heard.body]).toEqual([status, said.startsWith('204') ? '' : 'x'])
  expect(replica.requests).toHaveLength(1)
})

test('what a binding is answered passes untouched: to, storeName, state', async () => {
  const body = '{"storeName":"s", "state":[{"key":"k","value":1}],"to":["a"],"concurrency":"parallel","data":{}}'
  const { port } = await setUp(answer('200 OK', body, 'Content-Type: application/json\r\n'))

  expect((await ask(port, post('/cron', '{}', 'application/json'))).body).toBe(body)
})

const bulk = (...ids: string[]) =>
  post(
    '/orders',
    JSON.stringify({ id: 'b', entries: ids.map((entryId) => ({ entryId, event: {} })) }),
    'application/json',
  )

test('a bulk answer that speaks of every entry passes untouched', async () => {
  const body = '{ "statuses":[{"entryId":"1","status":"DROP"},{"status":"SUCCESS","entryId":"2"}] , "own":1}'
  const { replica, proxy, port } = await setUp(answer('200 OK', body, 'X-A: 1\r\n'))

  expect((await ask(port, bulk('1', '2'))).text).toBe(answer('200 OK', body, 'X-A: 1\r\n'))
  expect(replica.requests[0]?.endsWith(bulk('1', '2').split('\r\n\r\n')[1] as string)).toBe(true)
  expect(await metric(proxy.adminPort, 'dapr_proxy_events_total', ['outcome="drop"'])).toBe(1)
})

test.each([
  ['compressed', gzipSync('{"statuses":[]}').toString('latin1'), 'Content-Encoding: gzip\r\n'],
  // Go, in which daprd reads it, takes names in any case.
  ['in names of another case', '{"Statuses":[{"EntryID":"1","Status":"SUCCESS"},{"entryid":"2","STATUS":"DROP"}]}', ''],
])('a bulk answer %s passes as it is', async (_what, body, fields) => {
  const said = answer('200 OK', body, fields)
  const { port } = await setUp(said)

  expect((await ask(port, bulk('1', '2'))).text).toBe(said)
})

test.each([
  ['leaves one out', '{"statuses":[{"entryId":"1","status":"SUCCESS"}]}', ['SUCCESS', 'RETRY']],
  ['is empty', '', ['RETRY', 'RETRY']],
  ['is no JSON', '<html>', ['RETRY', 'RETRY']],
])('a bulk answer that %s is filled in', async (_what, body, statuses) => {
  const { port } = await setUp(answer('200 OK', body))

  const heard = JSON.parse((await ask(port, bulk('1', '2'))).body)

  expect(heard).toEqual({ statuses: statuses.map((status, i) => ({ entryId: String(i + 1), status })) })
})

test('a 404 to a bulk event is one to all of its entries: it passes, and counts as a loss', async () => {
  let said = answer('200 OK', '{"statuses":[{"entryId":"1","status":"SUCCESS"}]}')
  const replica = await rawFunction(() => said)
  const { proxy } = await setUpProxy(httpWire, [replica.port])
  await ask(proxy.port, bulk('1'))
  said = answer('404 Not Found', 'none')

  expect((await ask(proxy.port, bulk('1', '2'))).text).toBe(said)

  expect(await metric(proxy.adminPort, 'dapr_proxy_would_be_lost_total', ['cause="no-such-route"'])).toBe(1)
})

test('bulk entries that match no rule come to the root and are the function’s to answer', async () => {
  const body = '{"statuses":[{"entryId":"1","status":"DROP"}]}'
  const { port } = await setUp(answer('200 OK', body))

  expect((await ask(port, post('/', '{"entries":[{"entryId":"1"}]}', 'application/json'))).body).toBe(body)
})

test('bytes and fields of an event arrive as they were sent, with a length', async () => {
  const { replica, port } = await setUp(answer('200 OK'))
  const fields =
    'Host: a\r\n__key: k\r\nCe_Id: 7\r\nX-Empty: \r\ntraceparent: 00-00000000000000000000000000000000-0000000000000000-00\r\nbaggage: a=b\r\ndapr-api-token: t\r\n'
  const body = '\x00\xff{ not JSON'

  await ask(
    port,
    `POST /cron?a=b%20c HTTP/1.1\r\n${fields}Connection: dapr-api-token, traceparent, x-mine\r\nX-Mine: 1\r\nKeep-Alive: 5\r\nTE: trailers\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\nProxy-Authorization: x\r\nTransfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\nX-Trailer: 1\r\n\r\n`,
  )

  expect(replica.requests).toEqual([
    `POST /cron?a=b%20c HTTP/1.1\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`,
  ])
})

test('what daprd asks is answered at once without a replica, and to no replica', async () => {
  const { proxy } = await setUpProxy(httpWire, [await unusedPort()])
  const say = async (line: string) => {
    const { status, body } = await ask(proxy.port, `${line} HTTP/1.1\r\nHost: a\r\nDapr-Api-Token: x\r\n\r\n`)
    return [status, body]
  }

  expect(await say('GET /dapr/config')).toEqual([200, '{}'])
  expect(await say('GET /dapr/subscribe')).toEqual([200, '[{"pubsubname":"bus","topic":"orders","route":"/orders"}]'])
  expect(await say('GET /healthz')).toEqual([200, 'ok\n'])
  expect(await say('OPTIONS /cron')).toEqual([200, ''])
  expect(await say('OPTIONS /other')).toEqual([404, ''])
})

test('no infrastructure of ours says 404: while there is no replica an event, a job and a call are 503', async () => {
  const { proxy } = await setUpProxy(httpWire, [await unusedPort()], { PROXY_HOLD_TIMEOUT: '100ms' })

  for (const path of ['/orders', '/cron', '/job/j', '/anything']) {
    expect((await ask(proxy.port, post(path, '{}'))).status).toBe(503)
  }
})

test.each([
  ['an event of a topic that the Function does not declare, as of a Subscription of its own', true],
  ['a call with a CloudEvent', false],
])('%s is delivered again where it broke off: %s', async (_what, isEvent) => {
  let calls = 0
  const replica = await rawFunction((_request, socket) => {
    calls += 1
    if (calls > 1) return answer('200 OK')
    socket.destroy()
    return undefined
  })
  const { proxy } = await setUpProxy(httpWire, [replica.port])
  const request = post('/dead', '{"id":"1"}')

  const { status } = await ask(proxy.port, isEvent ? request : request.replace('Pubsubname: bus\r\n', ''))

  expect([status, calls]).toEqual(isEvent ? [200, 2] : [503, 1])
  const kind = isEvent ? 'topic' : 'invoke'
  expect(await metric(proxy.adminPort, 'dapr_proxy_events_total', [`kind="${kind}"`, 'route=""'])).toBe(1)
})

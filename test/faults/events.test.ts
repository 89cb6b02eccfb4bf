// Faults of the Go original that concern what an event and its answer are made of: docs/faults.md.

import { describe, expect, test } from 'vitest'
import { funcContext } from '../support/func-context.ts'
import { grpcWire } from '../support/grpc-wire.ts'
import { httpWire } from '../support/http-wire.ts'
import { appCallback } from '../support/proto.ts'
import { setUpProxy } from '../support/proxy.ts'
import { rawClient, rawFunction } from '../support/raw-http.ts'
import { rawGrpcCall, rawGrpcFunction, service } from './raw-grpc.ts'

const empty = Buffer.alloc(0)

/** As daprd sends it, on whatever line. */
const request = (line: string, body: Buffer | string, fields = '') =>
  `${line} HTTP/1.1\r\nHost: app\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body.toString('latin1')}`
const bodyOf = (message = '') => message.slice(message.indexOf('\r\n\r\n') + 4)

async function askHttp(port: number, text: string): Promise<string> {
  return rawClient(port, text).until('\r\n\r\n')
}

async function httpFunction(answer: string, env: Record<string, string> = {}) {
  const replica = await rawFunction(() => answer)
  const { proxy } = await setUpProxy(httpWire, [replica.port], env)
  return { ...replica, proxyPort: proxy.port }
}

async function grpcFunction(answer: Buffer, paths = [`${service}/OnTopicEvent`, `${service}/OnBindingEvent`]) {
  const replica = await rawGrpcFunction(paths, answer)
  const { proxy } = await setUpProxy(grpcWire, [replica.port])
  return { ...replica, proxyPort: proxy.port }
}

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'

describe('the answer of a function', () => {
  test.each(['200 OK', '201 Created', '202 Accepted', '204 No Content'])(
    'over HTTP %s to a topic is a success, and the event runs once',
    async (status) => {
      const { requests, proxyPort } = await httpFunction(
        status.startsWith('204') ? `HTTP/1.1 ${status}\r\n\r\n` : `HTTP/1.1 ${status}\r\nContent-Length: 0\r\n\r\n`,
      )

      const heard = await askHttp(proxyPort, request('POST /orders', '{"id":"1"}'))

      expect(heard).toContain(`HTTP/1.1 ${status}\r\n`)
      expect(requests).toHaveLength(1)
    },
  )

  test('over gRPC to a binding keeps all of its fields: to, store, states, concurrency', async () => {
    const answer = appCallback.OnBindingEvent?.responseSerialize({
      store_name: 'store',
      states: [{ key: 'k', value: Buffer.from([0, 255]) }],
      to: ['queue', 'other'],
      data: Buffer.from([255, 0, 1]),
      concurrency: 'PARALLEL',
    }) as Buffer
    const { proxyPort } = await grpcFunction(answer)
    const event = appCallback.OnBindingEvent?.requestSerialize({ name: 'cron', data: empty }) as Buffer

    expect(await rawGrpcCall(proxyPort, `${service}/OnBindingEvent`, event)).toEqual(answer)
  })
})

describe('an event of a topic', () => {
  const fields = {
    'x-broker-key': 'a,b',
    'dapr-api-token': 'token',
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    tracestate: 'a=1,b=2',
    baggage: 'user=7',
  }

  test('over HTTP brings its headers: those of the broker, the token, the trace', async () => {
    const { requests, proxyPort } = await httpFunction(ok)
    const lines = Object.entries({ ...fields, 'Content-Type': 'application/cloudevents+json' }).map(
      ([name, value]) => `${name}: ${value}\r\n`,
    )

    await askHttp(proxyPort, request('POST /orders', '{"id":"1"}', lines.join('')))

    for (const line of lines) expect(requests[0]).toContain(line)
  })

  test('over gRPC brings its metadata: that of the broker, the token, the trace', async () => {
    const { calls, proxyPort } = await grpcFunction(empty)
    const trace = Buffer.from([0, 0, 254, 1])

    await rawGrpcCall(proxyPort, `${service}/OnTopicEvent`, empty, { ...fields, 'grpc-trace-bin': trace })

    for (const [name, value] of Object.entries(fields)) {
      expect([name, calls[0]?.metadata.get(name)]).toEqual([name, [value]])
    }
    expect(calls[0]?.metadata.get('grpc-trace-bin')).toEqual([trace])
  })

  test('over HTTP keeps all of its envelope: time, trace, expiration, extensions', async () => {
    const { requests, proxyPort } = await httpFunction(ok)
    const envelope =
      '{"specversion":"1.0", "id":"1","source":"s","type":"t","time":"2020-01-01T00:00:00.000000001Z","expiration":"2030-01-01T00:00:00Z",' +
      '"subject":"sub","traceid":"00-1","traceparent":"00-1","tracestate":"","myext":1.0,"other":{"a":[1,2]},"data":{"n":12345678901234567890}}'

    await askHttp(proxyPort, request('POST /orders', envelope))

    expect(bodyOf(requests[0])).toBe(envelope)
  })

  test('over gRPC keeps all of its message: extensions, and fields that we have never heard of', async () => {
    const { calls, proxyPort } = await grpcFunction(empty)
    const event = {
      id: '1',
      source: 's',
      type: 't',
      spec_version: '1.0',
      topic: 'orders',
      pubsub_name: 'bus',
      path: '/p',
    }
    const extensions = { fields: { myext: { stringValue: 'x' }, subject: { stringValue: 'sub' } } }
    const known = appCallback.OnTopicEvent?.requestSerialize({ ...event, extensions }) as Buffer
    // Field 100, of length 2.
    const bytes = Buffer.concat([known, Buffer.from([0xa2, 6, 2, 0, 255])])

    await rawGrpcCall(proxyPort, `${service}/OnTopicEvent`, bytes)

    expect(calls[0]?.bytes).toEqual(bytes)
  })

  test.each(['"data":"123"', '"data":"{\\"a\\":1}"', '"data_base64":"AP8="', '"data":"\\u00fc"', '"data":1e2'])(
    'over HTTP keeps its data as it is written: %s',
    async (data) => {
      const { requests, proxyPort } = await httpFunction(ok)
      const envelope = `{"id":"1","source":"s","specversion":"1.0",${data}}`

      await askHttp(proxyPort, request('POST /orders', envelope))

      expect(bodyOf(requests[0])).toBe(envelope)
    },
  )

  test('over gRPC keeps its data as it is, text that looks like JSON and bytes that are no text', async () => {
    const { calls, proxyPort } = await grpcFunction(empty)
    const datas = [Buffer.from('"123"'), Buffer.from('123'), Buffer.from([0, 255, 0x22]), empty]

    for (const data of datas) {
      const event = appCallback.OnTopicEvent?.requestSerialize({ topic: 'orders', pubsub_name: 'bus', data }) as Buffer
      await rawGrpcCall(proxyPort, `${service}/OnTopicEvent`, event)
    }

    const arrived = calls.map(
      ({ bytes }) => (appCallback.OnTopicEvent?.requestDeserialize(bytes) as { data: Buffer } | undefined)?.data,
    )
    expect(arrived).toEqual(datas)
  })
})

describe('what is no event', () => {
  const sync = { FUNC_CONTEXT: JSON.stringify({ ...JSON.parse(funcContext), runtime: 'Knative', inputs: undefined }) }

  test('over HTTP: a sync function is invoked, and its answer comes back', async () => {
    const { requests, proxyPort } = await httpFunction('HTTP/1.1 418 Tea\r\nContent-Length: 0\r\n\r\n', sync)

    expect(await askHttp(proxyPort, request('POST /orders?a=1', 'x'))).toContain('HTTP/1.1 418 Tea')
    expect(requests[0]).toContain('POST /orders?a=1 HTTP/1.1')
  })

  test('over gRPC: a sync function is invoked, and its answer comes back', async () => {
    const replica = await rawGrpcFunction([`${service}/OnInvoke`], Buffer.from('pot'))
    const { proxy } = await setUpProxy(grpcWire, [replica.port], sync)

    expect(await rawGrpcCall(proxy.port, `${service}/OnInvoke`, Buffer.from('tea'))).toEqual(Buffer.from('pot'))
    expect(replica.calls[0]?.bytes).toEqual(Buffer.from('tea'))
  })

  test.each([
    `${service}/OnInvoke`,
    `${service}/OnBulkTopicEvent`,
    `${service}Alpha/OnBulkTopicEventAlpha1`,
    `${service}/OnJobEvent`,
    `${service}Alpha/OnJobEventAlpha1`,
    '/of.somebody.else/Method',
  ])('over gRPC %s reaches the function', async (path) => {
    const { calls, proxyPort } = await grpcFunction(Buffer.from('done'), [path])

    expect(await rawGrpcCall(proxyPort, path, Buffer.from([0, 255]))).toEqual(Buffer.from('done'))
    expect(calls).toMatchObject([{ path, bytes: Buffer.from([0, 255]) }])
  })
})

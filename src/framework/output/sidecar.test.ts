import { expect, test, vi } from 'vitest'
import type { LazyClient } from './dapr-client.ts'
import { createSidecar } from './sidecar.ts'

class Order {
  readonly id = 7
}

const publication = { pubsub: 'my bus', topic: 'eu/new orders', metadata: { ttlInSeconds: '5' } }

test.each<[string, unknown, unknown, string | undefined]>([
  ['an object', { a: 1 }, { a: 1 }, 'application/json'],
  ['an instance of a class', new Order(), new Order(), 'application/json'],
  [
    'a CloudEvent',
    { id: '1', source: 's', type: 't', specversion: '1.0' },
    expect.anything(),
    'application/cloudevents+json',
  ],
  ['text', 'hi', 'hi', 'text/plain'],
  ['zero', 0, '0', 'text/plain'],
  ['bytes', new Uint8Array([1]), Buffer.from([1]), 'application/octet-stream'],
  ['nothing', undefined, undefined, undefined],
])('publishes %s with its content type', async (_what, data, body, contentType) => {
  const { sidecar, dapr } = make('grpc')

  await sidecar.publish({ ...publication, data })

  const options = { metadata: publication.metadata, ...(contentType && { contentType }) }
  expect(dapr.pubsub.publish).toHaveBeenCalledWith('my bus', 'eu/new orders', body, options)
})

test('escapes names for the paths of the HTTP API', async () => {
  const { sidecar, dapr } = make('http')

  await sidecar.publish({ ...publication, data: 1 })
  await sidecar.getState('store', 'a/b')

  expect(dapr.pubsub.publish.mock.calls[0]?.slice(0, 2)).toEqual(['my%20bus', 'eu/new%20orders'])
  expect(dapr.state.get).toHaveBeenCalledWith('store', 'a%2Fb')
})

test('rejects where the SDK answers with an error', async () => {
  const { sidecar, dapr } = make('http')
  for (const call of [dapr.pubsub.publish, dapr.state.save, dapr.state.delete]) {
    call.mockResolvedValue({ error: new Error('broker down') })
  }

  await expect(sidecar.publish({ ...publication, data: 1 })).rejects.toThrow('broker down')
  await expect(sidecar.saveState('s', [{ key: 'a', value: 1 }])).rejects.toThrow('broker down')
  await expect(sidecar.deleteState('s', 'a')).rejects.toThrow('broker down')
})

test('a binding gets bytes over gRPC, and over HTTP what JSON can carry', async () => {
  const [grpc, http] = [make('grpc'), make('http')]
  const invocation = { name: 'b', operation: 'create', metadata: {} }

  for (const data of [{ a: 1 }, Buffer.from('hé'), Buffer.from([255])]) {
    await grpc.sidecar.invokeBinding({ ...invocation, data })
    await http.sidecar.invokeBinding({ ...invocation, data })
  }

  const sent = (made: typeof http) => made.dapr.binding.send.mock.calls.map((call) => call[2])
  expect(sent(grpc)).toEqual([Buffer.from('{"a":1}'), Buffer.from('hé'), Buffer.from([255])])
  expect(sent(http)).toEqual([{ a: 1 }, 'hé', '/w=='])
})

test('a binding answers the same over both', async () => {
  const [grpc, http] = [make('grpc'), make('http')]
  grpc.dapr.binding.send.mockResolvedValue({ data: Buffer.from('{"a":1}') })
  http.dapr.binding.send.mockResolvedValue({ a: 1 })
  const invocation = { name: 'b', operation: 'get', data: undefined, metadata: {} }

  expect(await grpc.sidecar.invokeBinding(invocation)).toEqual({ a: 1 })
  expect(await http.sidecar.invokeBinding(invocation)).toEqual({ a: 1 })
})

test('a state is stored as the same JSON over both', async () => {
  const [grpc, http] = [make('grpc'), make('http')]
  const operations = [
    { operation: 'upsert', request: { key: 'a', value: { b: 1 } } },
    { operation: 'delete', request: { key: 'c' } },
  ]

  for (const { sidecar } of [grpc, http]) {
    await sidecar.saveState('s', [{ key: 'a', value: '1' }])
    await sidecar.transactState('s', operations)
  }

  expect(grpc.dapr.state.save).toHaveBeenCalledWith('s', [{ key: 'a', value: '"1"' }])
  expect(http.dapr.state.save).toHaveBeenCalledWith('s', [{ key: 'a', value: '1' }])
  expect(grpc.dapr.state.transaction.mock.calls[0]?.[1]).toEqual([
    { operation: 'upsert', request: { key: 'a', value: '{"b":1}' } },
    operations[1],
  ])
  expect(http.dapr.state.transaction).toHaveBeenCalledWith('s', operations, null)
})

test('the results of a query are decoded over gRPC', async () => {
  const { sidecar, dapr } = make('grpc')
  dapr.state.query.mockResolvedValue({ results: [{ key: 'a', data: Buffer.from('{"b":1}') }], token: '2' })

  expect(await sidecar.queryState('s', {})).toEqual({ results: [{ key: 'a', data: { b: 1 } }], token: '2' })
})

function make(protocol: 'grpc' | 'http') {
  const call = () => vi.fn(async (..._args: unknown[]): Promise<unknown> => ({}))
  const dapr = {
    pubsub: { publish: call() },
    binding: { send: call() },
    state: { save: call(), get: call(), delete: call(), transaction: call(), query: call() },
  }
  const client = { protocol, use: (act: (dapr: unknown) => unknown) => act(dapr) } as unknown as LazyClient
  return { sidecar: createSidecar(client), dapr }
}

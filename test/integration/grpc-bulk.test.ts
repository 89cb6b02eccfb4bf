// Bulk events over gRPC: what daprd hears, and what the proxy takes it for.

import {
  Client,
  credentials,
  type MethodDefinition,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceError,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js'
import { expect, onTestFinished, test } from 'vitest'
import { grpcWire } from '../support/grpc-wire.ts'
import { appCallback } from '../support/proto.ts'
import { metric, setUpProxy } from '../support/proxy.ts'
import { pubsub, topic } from '../support/wire.ts'

type Status = 'SUCCESS' | 'RETRY' | 'DROP'

interface Entry {
  readonly entry_id: string
}

interface Reply {
  readonly statuses: readonly { readonly entry_id: string; readonly status: Status }[]
}

type Bulk = MethodDefinition<{ readonly entries: readonly Entry[] }, Reply>

const stable = appCallback.OnBulkTopicEvent as unknown as Bulk
const alpha = { ...stable, path: '/dapr.proto.runtime.v1.AppCallbackAlpha/OnBulkTopicEventAlpha1' }

/** A function that serves these methods, and says of each entry what `say` says; nothing of one that it says nothing of. */
async function startFunction(methods: readonly Bulk[], say: (id: string) => Status | undefined): Promise<number> {
  const server = new Server()
  const handle = (
    { request }: ServerUnaryCall<{ readonly entries: readonly Entry[] }, Reply>,
    reply: sendUnaryData<Reply>,
  ) =>
    reply(null, {
      statuses: request.entries.flatMap(({ entry_id }) => {
        const said = say(entry_id)
        return said === undefined ? [] : [{ entry_id, status: said }]
      }),
    })
  for (const method of methods) server.addService({ bulk: method }, { bulk: handle })
  const port = await new Promise<number>((resolve) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (_error, bound) => resolve(bound)),
  )
  onTestFinished(() => server.forceShutdown())
  return port
}

async function setUp(methods: readonly Bulk[], say: (id: string) => Status | undefined) {
  const { proxy } = await setUpProxy(grpcWire, [await startFunction(methods, say)])
  const client = new Client(`127.0.0.1:${proxy.port}`, credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
  })
  onTestFinished(() => client.close())
  const send = (method: Bulk, ids: readonly string[]) =>
    new Promise<Reply | number>((resolve) => {
      const entries = ids.map((entry_id) => ({ entry_id, bytes: Buffer.from('{}'), content_type: 'application/json' }))
      const request = { id: 'one bulk', pubsub_name: pubsub, topic, entries } as never
      const done = (error: ServiceError | null, reply?: Reply) =>
        resolve(error === null ? (reply as Reply) : error.code)
      client.makeUnaryRequest(method.path, method.requestSerialize, method.responseDeserialize, request, done)
    })
  const events = (outcome: string) =>
    metric(proxy.adminPort, 'dapr_proxy_events_total', [`route="${pubsub}/${topic}"`, `outcome="${outcome}"`])
  const lost = (cause: string) => metric(proxy.adminPort, 'dapr_proxy_would_be_lost_total', [`cause="${cause}"`])
  return { send, events, lost }
}

test.each<[string, (id: string) => Status | undefined, string, number]>([
  ['all that succeeded', () => 'SUCCESS', 'success', 0],
  ['one that failed among them', (id) => (id === 'b' ? 'RETRY' : 'SUCCESS'), 'retry', 1],
  ['one that is dropped', (id) => (id === 'b' ? 'DROP' : 'SUCCESS'), 'drop', 0],
  ['one that is left out', (id) => (id === 'b' ? undefined : 'SUCCESS'), 'retry', 1],
])('%s: the answer passes as it is, and counts by its worst entry', async (_what, say, outcome, lostEvents) => {
  const { send, events, lost } = await setUp([stable], say)
  const ids = ['a', 'b', 'c']

  const statuses = ids.flatMap((entry_id) => {
    const said = say(entry_id)
    return said === undefined ? [] : [{ entry_id, status: said }]
  })
  expect(await send(stable, ids)).toEqual({ statuses })

  expect(await events(outcome)).toBe(1)
  // A topic of Redis, which drops what failed.
  expect(await lost('failed')).toBe(lostEvents)
})

test('an answer that is too long to be withheld passes, and counts by the entries that were', async () => {
  const ids = Array.from({ length: 2000 }, (_, i) => `entry-${String(i).padStart(10, '0')}`)
  const { send, events } = await setUp([stable], (id) => (id === ids[2] ? 'RETRY' : 'SUCCESS'))

  const reply = (await send(stable, ids)) as Reply

  expect(reply.statuses.map(({ entry_id }) => entry_id)).toEqual(ids)
  expect(await events('retry')).toBe(1)
})

test('a function that has the older method alone loses nothing: daprd asks for that one next', async () => {
  const { send, events, lost } = await setUp([alpha], () => 'SUCCESS')
  // It has answered, so it does not boot any more.
  await send(alpha, ['a'])

  expect(await send(stable, ['a'])).toBe(status.UNIMPLEMENTED)
  expect(await send(alpha, ['a'])).toEqual({ statuses: [{ entry_id: 'a', status: 'SUCCESS' }] })

  expect([await events('missing-route'), await lost('no-such-route')]).toEqual([0, 0])
})

test('a function that has neither loses all of it, once', async () => {
  const { send, events, lost } = await setUp([stable], () => 'SUCCESS')
  await send(stable, ['a'])

  expect(await send(alpha, ['a'])).toBe(status.UNIMPLEMENTED)

  expect([await events('missing-route'), await lost('no-such-route')]).toEqual([1, 1])
})

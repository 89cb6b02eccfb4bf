import { createServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import { expect, onTestFinished, test } from 'vitest'
import { eventually } from '../../../test/support/proxy.ts'
import type { Connection } from '../../h2/connection.ts'
import { writeFields } from '../../h2/field-writer.ts'
import { Connections } from './connections.ts'
import type { Exchange } from './exchange.ts'

/** A replica that answers a call when the test says so. */
async function startReplica(maxConcurrentStreams: number) {
  const sessions: ServerHttp2Session[] = []
  const calls: ServerHttp2Stream[] = []
  const server = createServer({ settings: { maxConcurrentStreams } })
  server.on('session', (session) => {
    sessions.push(session)
    session.on('error', () => {})
  })
  server.on('stream', (stream) => {
    stream.on('error', () => {})
    calls.push(stream)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const session of sessions) session.destroy()
    server.close()
  })
  const { port } = server.address() as { port: number }
  return {
    address: { host: '127.0.0.1', port },
    sessions,
    calls,
    open: () => sessions.filter((session) => !session.closed && !session.destroyed).length,
    answerAll() {
      for (const call of calls.splice(0)) {
        call.respond({ ':status': 200 }, { endStream: true })
        call.resume()
      }
    },
  }
}

const request = writeFields([':method', 'POST', ':scheme', 'http', ':path', '/a', ':authority', 'x'])

/** A call without a body, and what became of it. */
function callOn(connections: Connections) {
  const told: string[] = []
  const exchange = {
    isOver: false,
    start(connection: Connection) {
      told.push('started')
      const owner = {
        onHeaders: () => void told.push('answered'),
        onData() {},
        onSent() {},
        onClosed: ({ cause }: { cause: string }) => void told.push(cause),
      }
      connection.open(owner, request).endData()
    },
    notRun: (cause: string) => void told.push(cause),
  }
  connections.place(exchange as unknown as Exchange)
  return told
}

function connectionsTo(address: { host: string; port: number }, lastStreamId?: number) {
  const options = { address, now: () => performance.now(), onLost() {} }
  const connections = new Connections({ ...options, ...(lastStreamId && { lastStreamId }) })
  onTestFinished(() => connections.abandon('the test is over'))
  return connections
}

test('a fresh connection takes over when one is out of ids, and the old one ends with its last call', async () => {
  const replica = await startReplica(100)
  // Ids 1, 3, 5, 7.
  const connections = connectionsTo(replica.address, 7)
  const first = [1, 2, 3, 4].map(() => callOn(connections))
  await eventually(() => replica.calls.length === 4)

  const second = [1, 2, 3].map(() => callOn(connections))
  await eventually(() => replica.calls.length === 7)
  expect(replica.sessions).toHaveLength(2)
  replica.answerAll()

  await eventually(() => [...first, ...second].every((told) => told.join() === 'started,answered'))
  await eventually(() => replica.open() === 1)
})

test('a second connection is opened when the first has all the calls that the replica takes, and no fifth', async () => {
  const replica = await startReplica(2)
  const connections = connectionsTo(replica.address)
  const calls = [callOn(connections), callOn(connections)]
  await eventually(() => replica.calls.length === 2)
  const before = replica.sessions.length
  for (let i = 0; i < 7; i += 1) calls.push(callOn(connections))
  await eventually(() => replica.calls.length === 8)

  expect([before, replica.sessions.length]).toEqual([1, 4])
  // The ninth has waited for a place.
  replica.answerAll()
  await eventually(() => replica.calls.length === 1)
  replica.answerAll()
  await eventually(() => calls.every((told) => told.join() === 'started,answered'))
  expect(replica.sessions).toHaveLength(4)
})

test('a call that finds no place within a second goes elsewhere', async () => {
  const replica = await startReplica(1)
  const connections = connectionsTo(replica.address)
  const calls = Array.from({ length: 5 }, () => callOn(connections))

  await eventually(() => calls.some((told) => told.join() === 'it takes no more calls at a time'))

  expect(replica.calls).toHaveLength(4)
})

test('when the replica leaves, idle connections end at once, the others with their last call', async () => {
  const replica = await startReplica(1)
  const connections = connectionsTo(replica.address)
  const calls = [callOn(connections), callOn(connections)]
  await eventually(() => replica.calls.length === 2)
  replica.calls.pop()?.respond({ ':status': 200 }, { endStream: true })
  await eventually(() => calls.filter((told) => told.includes('answered')).length === 1)

  connections.close()

  await eventually(() => replica.open() === 1)
  expect(callOn(connections)).toEqual(['the replica has left'])
  replica.answerAll()
  await eventually(() => replica.open() === 0)
  expect(calls.map(String)).toEqual(['started,answered', 'started,answered'])
})

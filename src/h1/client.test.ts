import { connect, createServer, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { createH1Client } from './client.ts'
import { noBody } from './framing.ts'

/** A server that is told what to write, and a client of it. */
async function setUp() {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    socket.once('data', () => sockets.push(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const client = createH1Client({
    dial: ({ onread, onConnected }) => connect({ host: '127.0.0.1', port, noDelay: true, onread }, onConnected),
    maxHeadBytes: 1000,
  })
  onTestFinished(() => {
    client.abandon(new Error('the test is over'))
    server.close()
  })
  return { client, sockets }
}

const until = async (condition: () => boolean) => {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}

test('replies that come in turns on two connections are not mixed, though all reads land in the same memory', async () => {
  const { client, sockets } = await setUp()
  const replies = [0, 1].map((index) => {
    const reply = { pieces: [] as Buffer[], heads: [] as string[], isWhole: false }
    const events = {
      interim() {},
      head: ({ fields }: { fields: readonly string[] }) => void reply.heads.push(fields.join(' ')),
      data: (bytes: Buffer) => reply.pieces.push(bytes) > 0,
      end: () => {
        reply.isWhole = true
      },
      failed() {},
    }
    client.request(
      { method: 'GET', target: `/${index}`, fields: ['Host', 'x'], framing: noBody, body: Buffer.alloc(0) },
      events,
    )
    return reply
  })
  await until(() => sockets.length === 2)

  // Each piece arrives on its own.
  const write = (index: number, text: string) =>
    new Promise<void>((resolve) => sockets[index]?.write(text, () => setTimeout(resolve, 20)))
  await write(0, 'HTTP/1.1 200 OK\r\nName: fi')
  await write(1, 'HTTP/1.1 200 OK\r\nName: second-of-two\r\nContent-Length: 10\r\n\r\nbbbbb')
  await write(0, 'rst\r\nContent-Length: 10\r\n\r\naaaaa')
  await write(1, 'BBBBB')
  await write(0, 'AAAAA')
  await until(() => replies.every(({ isWhole }) => isWhole))

  expect(replies.map(({ pieces }) => Buffer.concat(pieces).toString()).sort()).toEqual(['aaaaaAAAAA', 'bbbbbBBBBB'])
  expect(replies.map(({ heads }) => heads[0]).sort()).toEqual([
    'Name first Content-Length 10',
    'Name second-of-two Content-Length 10',
  ])
})

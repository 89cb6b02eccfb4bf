import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { readingInto } from './accepted.ts'

/** Both ends of a connection over a real port; what the server's end reads lands in `landing`. */
async function setUp() {
  const landing = Buffer.alloc(1024)
  const read: string[] = []
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [accepted] = (await once(server, 'connection')) as [Socket]
  const callback = (length: number) => {
    read.push(landing.toString('latin1', 0, length))
    return true
  }
  const socket = readingInto(accepted, { buffer: landing, callback }) as Socket
  onTestFinished(() => {
    client.destroy()
    accepted.destroy()
    server.close()
  })
  return { server, client, accepted, socket, read }
}

const whenRead = (read: readonly string[], text: string) => expect.poll(() => read.join('')).toBe(text)

test('what the other side sends lands in the given memory, and what is written reaches it', async () => {
  const { client, socket, read } = await setUp()

  client.write('a question')
  await whenRead(read, 'a question')
  socket.write('an answer')
  const [answer] = await once(client, 'data')

  expect(String(answer)).toBe('an answer')
})

test('while it is paused nothing is read, and nothing is lost', async () => {
  const { client, socket, read } = await setUp()

  client.write('before ')
  await whenRead(read, 'before ')
  socket.pause()
  client.write('meanwhile')
  await new Promise((resolve) => setTimeout(resolve, 50))
  const whilePaused = [...read]
  socket.resume()

  await whenRead(read, 'before meanwhile')
  expect(whilePaused).toEqual(['before '])
})

test('each of the two sockets closes the other, and the server counts the connection until then', async () => {
  for (const which of ['socket', 'accepted'] as const) {
    const { server, client, [which]: one, [which === 'socket' ? 'accepted' : 'socket']: other } = await setUp()
    const closed = Promise.all([once(other, 'close'), once(client, 'close'), once(server, 'close')])
    server.close()

    one.destroy()

    await closed
    expect(other.destroyed).toBe(true)
  }
})

test('that the other side has ended or broken off closes both', async () => {
  for (const end of ['end', 'resetAndDestroy'] as const) {
    const { client, accepted, socket } = await setUp()
    socket.on('error', () => {})
    const closed = Promise.all([once(accepted, 'close'), new Promise((resolve) => socket.once('close', resolve))])

    client[end]()

    await closed
  }
})

test('a socket that is not a plain one, or has no handle, is left alone', () => {
  const onread = { buffer: Buffer.alloc(1), callback: () => true }

  expect(readingInto({} as Socket, onread)).toBeUndefined()
})

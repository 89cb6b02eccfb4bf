// HTTP as bytes: a server and a client that write what a test says, and nothing else.

import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** A server that hands each connection over. Half-closed connections stay open. */
export async function rawServer(onConnection: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    onConnection(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return (server.address() as { port: number }).port
}

/** A function that answers each request, once `isComplete` says so of what has arrived, with the bytes that `answer` gives. */
export async function rawFunction(
  answer: (request: string, socket: Socket) => string | undefined,
  isComplete: (request: string) => boolean = (request) => bodyIsThere(request),
) {
  const requests: string[] = []
  const port = await rawServer((socket) => {
    let text = ''
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString('latin1')
      if (!isComplete(text)) return
      const request = text
      text = ''
      if (request.startsWith('GET /dapr/subscribe ')) {
        socket.write('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n')
        return
      }
      requests.push(request)
      const said = answer(request, socket)
      if (said !== undefined) socket.write(said, 'latin1')
    })
    socket.on('end', () => socket.end())
  })
  return { port, requests }
}

function bodyIsThere(request: string): boolean {
  const end = request.indexOf('\r\n\r\n')
  if (end === -1) return false
  const length = /content-length: (\d+)/i.exec(request)?.[1]
  if (length !== undefined) return request.length >= end + 4 + Number(length)
  return (
    !/transfer-encoding: chunked/i.test(request) ||
    request.endsWith('0\r\n\r\n') ||
    /\r\n0\r\n.*\r\n\r\n$/s.test(request)
  )
}

export interface RawClient {
  readonly socket: Socket
  /** All that has come by now. */
  text(): string
  /** Resolves once that contains `part`. */
  until(part: string): Promise<string>
  /** Resolves when the other side has closed; to what came, and whether it was by a reset. */
  closed(): Promise<{ readonly text: string; readonly isReset: boolean }>
}

export function rawClient(port: number, bytes = ''): RawClient {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  let text = ''
  let isReset = false
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1')
  })
  socket.on('error', () => {
    isReset = true
  })
  const ended = Promise.race([once(socket, 'end').catch(() => {}), once(socket, 'close')])
  if (bytes !== '') socket.write(bytes, 'latin1')
  onTestFinished(() => {
    socket.destroy()
  })
  return {
    socket,
    text: () => text,
    async until(part) {
      while (!text.includes(part)) {
        if (socket.destroyed || socket.readableEnded) throw new Error(`it closed after ${JSON.stringify(text)}`)
        await Promise.race([once(socket, 'data'), ended])
      }
      return text
    },
    async closed() {
      await ended
      return { text, isReset }
    },
  }
}

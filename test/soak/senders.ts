// Senders of events that cost next to nothing: bytes on sockets, in the shape in which daprd has them.

import { connect } from 'node:net'
import { writeFields } from '../../src/h2/field-writer.ts'
import { clientPreface, flag, frameType, maxFrameSize } from '../../src/h2/protocol.ts'
import { frame, settings, settingsAck, word } from '../h2/pair.ts'

export interface Sender {
  /** Resolves to what was answered; undefined if it was an error. */
  send(body: Buffer): Promise<string | undefined>
  close(): void
}

/** A connection for each event under way. */
export function httpSender(port: number): Sender {
  const all = new Set<ReturnType<typeof httpConnection>>()
  const idle: ReturnType<typeof httpConnection>[] = []
  return {
    async send(body) {
      const connection = idle.pop() ?? httpConnection(port)
      all.add(connection)
      const answer = await connection.send(body)
      idle.push(connection)
      return answer
    },
    close() {
      for (const { socket } of all) socket.destroy()
    },
  }
}

function httpConnection(port: number) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  let rest = ''
  let resolve: (answer: string | undefined) => void = () => {}
  socket.on('data', (bytes: Buffer) => {
    rest += bytes.toString('latin1')
    const end = rest.indexOf('\r\n\r\n')
    if (end === -1) return
    const length = Number(/content-length: (\d+)/i.exec(rest)?.[1] ?? 0)
    if (rest.length < end + 4 + length) return
    const answer = rest.startsWith('HTTP/1.1 200 ') ? rest.slice(end + 4) : undefined
    rest = ''
    resolve(answer)
  })
  // The proxy closes nothing by itself: a connection that ends is a fault, and stops all.
  socket.on('error', (error) => {
    throw error
  })
  return {
    socket,
    send: (body: Buffer) =>
      new Promise<string | undefined>((done) => {
        resolve = done
        const head = `POST /cron HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`
        socket.write(head + body.toString('latin1'), 'latin1')
      }),
  }
}

const block = writeFields([
  ...[':method', 'POST', ':scheme', 'http', ':path', '/dapr.proto.runtime.v1.AppCallback/OnBindingEvent'],
  ...[':authority', 'x', 'content-type', 'application/grpc', 'te', 'trailers'],
])

/** BindingEventRequest of the binding `cron`, in the frame of gRPC. The length of its data takes three bytes, needed or not. */
function message(body: Buffer): Buffer {
  const length = [0x80 | (body.length & 0x7f), 0x80 | ((body.length >> 7) & 0x7f), body.length >> 14]
  const head = Buffer.from([0, 0, 0, 0, 0, 0x0a, 4, ...Buffer.from('cron'), 0x12, ...length])
  head.writeUInt32BE(head.length - 5 + body.length, 1)
  return Buffer.concat([head, body])
}

/** A stream of one connection for each event under way; a fresh connection every million events. */
export function grpcSender(port: number): Sender {
  let connection = grpcConnection(port)
  return {
    send(body) {
      if (connection.sent >= 1e6) {
        connection.leave()
        connection = grpcConnection(port)
      }
      return connection.send(body)
    },
    close: () => connection.socket.destroy(),
  }
}

function grpcConnection(port: number) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  const waiting = new Map<number, (answer: string | undefined) => void>()
  const answers = new Map<number, string>()
  let rest: Buffer = Buffer.alloc(0)
  let nextId = 1
  let taken = 0
  /** What the proxy takes of DATA on this connection. */
  let window = 65_535
  const data: Buffer[] = []
  let isLeaving = false
  socket.write(Buffer.concat([clientPreface, settings()]))
  const end = (id: number, answer: string | undefined) => {
    waiting.get(id)?.(answer)
    waiting.delete(id)
    answers.delete(id)
    if (isLeaving && waiting.size === 0) socket.end()
  }
  const onData = (id: number, payload: Buffer) => {
    taken += payload.length
    // Behind the frame of gRPC, the number of the field and its length.
    if (payload.length > 7) answers.set(id, payload.toString('latin1', 7))
    if (taken <= 30_000) return
    socket.write(frame(frameType.windowUpdate, 0, 0, word(taken)))
    taken = 0
  }
  const onFrame = (type: number, flags: number, id: number, payload: Buffer) => {
    const isEnd = type === frameType.headers && (flags & flag.endStream) !== 0
    if (type === frameType.data) onData(id, payload)
    else if (isEnd || type === frameType.rstStream) end(id, answers.get(id))
    else if (type === frameType.settings && (flags & flag.ack) === 0) socket.write(settingsAck)
    else if (type === frameType.windowUpdate && id === 0) {
      window += payload.readUInt32BE(0)
      sendData()
    }
  }
  // The window of a stream is larger than any event of ours.
  const sendData = () => {
    while (data.length > 0 && (data[0] as Buffer).length - 9 <= window) {
      const next = data.shift() as Buffer
      window -= next.length - 9
      socket.write(next)
    }
  }
  socket.on('data', (bytes: Buffer) => {
    rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes])
    let at = 0
    while (rest.length - at >= 9 && rest.length - at >= 9 + rest.readUIntBE(at, 3)) {
      const stop = at + 9 + rest.readUIntBE(at, 3)
      onFrame(rest[at + 3] as number, rest[at + 4] as number, rest.readUInt32BE(at + 5), rest.subarray(at + 9, stop))
      at = stop
    }
    rest = rest.subarray(at)
  })
  socket.on('error', (error) => {
    throw error
  })
  return {
    socket,
    get sent() {
      return nextId / 2
    },
    leave() {
      isLeaving = true
      if (waiting.size === 0) socket.end()
    },
    send: (body: Buffer) =>
      new Promise<string | undefined>((done) => {
        const id = nextId
        nextId += 2
        waiting.set(id, done)
        socket.write(frame(frameType.headers, flag.endHeaders, id, block))
        const bytes = message(body)
        for (let at = 0; at < bytes.length; at += maxFrameSize) {
          const isLast = at + maxFrameSize >= bytes.length
          data.push(frame(frameType.data, isLast ? flag.endStream : 0, id, bytes.subarray(at, at + maxFrameSize)))
        }
        sendData()
      }),
  }
}

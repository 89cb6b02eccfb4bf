// A function replica that costs next to nothing, so that the proxy is what is busy: bytes on sockets, plain JavaScript.
// Usage: node replica.mjs <http|grpc> <port>. Each event is `id=<number>;…`, and its answer is the number.
// `slow <milliseconds>` on standard input has it take its time from then on.

import { createServer } from 'node:net'
import { createInterface } from 'node:readline'

const [protocol, port] = process.argv.slice(2)
let slowMs = 0
createInterface(process.stdin).on('line', (line) => {
  slowMs = Number(line.split(' ')[1])
})

const idIn = (bytes) => {
  const at = bytes.indexOf('id=')
  return at === -1 ? '' : bytes.toString('latin1', at + 3, bytes.indexOf(0x3b, at))
}
const later = (run) => (slowMs === 0 ? run() : setTimeout(run, slowMs))

/** One request at a time, with its length: so the proxy sends events. */
function serveHttp(socket) {
  let rest = Buffer.alloc(0)
  socket.on('data', (bytes) => {
    rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes])
    const end = rest.indexOf('\r\n\r\n')
    if (end === -1) return
    const head = rest.toString('latin1', 0, end)
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)
    if (rest.length < end + 4 + length) return
    const id = idIn(rest.subarray(end + 4))
    rest = Buffer.alloc(0)
    const status = head.startsWith('GET /dapr/subscribe ') ? '404 Not Found' : '200 OK'
    later(() => socket.write(`HTTP/1.1 ${status}\r\nContent-Length: ${id.length}\r\n\r\n${id}`, 'latin1'))
  })
}

const frame = (type, flags, streamId, payload) => {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(streamId, 5)
  return Buffer.concat([head, payload])
}
const word = (number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(number)
  return bytes
}
const literal = (name, value) =>
  Buffer.concat([Buffer.from([0, name.length]), Buffer.from(name), Buffer.from([value.length]), Buffer.from(value)])
const [data, headers, settings, ping, windowUpdate] = [0, 1, 4, 6, 8]
// :status 200 is number 8 of the static table.
const begin = Buffer.concat([Buffer.from([0x88]), literal('content-type', 'application/grpc')])
const trailers = literal('grpc-status', '0')
const window = 2 ** 31 - 1

/** BindingEventResponse with the field data (4), in the frame of gRPC. */
const message = (id) => Buffer.concat([Buffer.from([0, 0, 0, 0, id.length + 2, 0x22, id.length]), Buffer.from(id)])

function serveGrpc(socket) {
  const bodies = new Map()
  let rest = Buffer.alloc(0)
  let prefaceLeft = 24
  let taken = 0
  socket.write(
    Buffer.concat([
      frame(settings, 0, 0, Buffer.concat([Buffer.from([0, 4]), word(window)])),
      frame(windowUpdate, 0, 0, word(window - 65_535)),
    ]),
  )
  const answer = (streamId, id) =>
    socket.write(
      Buffer.concat([
        frame(headers, 4, streamId, begin),
        frame(data, 0, streamId, message(id)),
        frame(headers, 5, streamId, trailers),
      ]),
    )
  const onFrame = (type, flags, streamId, payload) => {
    if (type === settings && (flags & 1) === 0) socket.write(frame(settings, 1, 0, Buffer.alloc(0)))
    if (type === ping && (flags & 1) === 0) socket.write(frame(ping, 1, 0, payload))
    if (type !== data) return
    const before = bodies.get(streamId)
    const body = before === undefined ? Buffer.from(payload) : Buffer.concat([before, payload])
    taken += payload.length
    if (taken > 2 ** 20) {
      socket.write(frame(windowUpdate, 0, 0, word(taken)))
      taken = 0
    }
    if ((flags & 1) === 0) {
      bodies.set(streamId, body)
      return
    }
    bodies.delete(streamId)
    later(() => answer(streamId, idIn(body)))
  }
  socket.on('data', (bytes) => {
    rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes])
    if (rest.length < prefaceLeft) return
    let at = prefaceLeft
    prefaceLeft = 0
    // Whatever was read together is answered in one go: else those who open calls by the hundred make it the one that is waited for.
    socket.cork()
    while (rest.length - at >= 9 && rest.length - at >= 9 + rest.readUIntBE(at, 3)) {
      const end = at + 9 + rest.readUIntBE(at, 3)
      onFrame(rest[at + 3], rest[at + 4], rest.readUInt32BE(at + 5), rest.subarray(at + 9, end))
      at = end
    }
    rest = rest.subarray(at)
    socket.uncork()
  })
}

createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => {})
  if (protocol === 'http') serveHttp(socket)
  else serveGrpc(socket)
}).listen(Number(port), '127.0.0.1', () => console.log('listening'))

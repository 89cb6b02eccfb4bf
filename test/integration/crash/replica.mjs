// A function replica that is made to be killed: plain JavaScript, so that it starts in no time.
// Usage: node replica.mjs <http|grpc> <port> <ledger> <milliseconds of work | fail | reset> <name of this life>
// Each event is `id=<number>;…` somewhere in the body; a line with the number reaches the file <ledger>/<name> before the answer, which is the number.

import { appendFileSync } from 'node:fs'
import { createServer as createHttp } from 'node:http'
import { createServer as createHttp2 } from 'node:http2'

const [protocol, port, ledger, work, life] = process.argv.slice(2)

function take(body) {
  const id = /id=(\d+);/.exec(body.toString('latin1'))?.[1]
  if (id !== undefined) appendFileSync(`${ledger}/${life}`, `${id}\n`)
  return Buffer.from(id ?? '')
}

/** BindingEventResponse with the field data (4), in the frame of gRPC. */
const framed = (data) => Buffer.concat([Buffer.from([0, 0, 0, 0, data.length + 2, 0x22, data.length]), data])

function serve(stream, socket, answer) {
  const chunks = []
  stream.on('error', () => {})
  stream.on('data', (chunk) => chunks.push(chunk))
  stream.on('end', () => {
    const data = take(Buffer.concat(chunks))
    if (work === 'reset') socket.resetAndDestroy()
    else if (work === 'fail') answer(data)
    else setTimeout(answer, Number(work), data)
  })
}

const server =
  protocol === 'http'
    ? createHttp((request, response) => {
        if (request.url === '/dapr/subscribe') response.writeHead(404).end()
        else serve(request, request.socket, (data) => response.writeHead(work === 'fail' ? 500 : 200).end(data))
      })
    : createHttp2({ settings: { maxConcurrentStreams: 1000 } })

if (protocol === 'grpc') {
  // A session does not give away its socket, and begins while its connection is announced.
  let latest
  const socketOf = new WeakMap()
  server.prependListener('connection', (socket) => {
    latest = socket
  })
  server.on('session', (session) => {
    socketOf.set(session, latest)
    session.on('error', () => {})
  })
  server.on('stream', (stream) =>
    serve(stream, socketOf.get(stream.session), (data) => {
      if (stream.destroyed) return
      if (work === 'fail') {
        const refusal = { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '14' }
        stream.respond(refusal, { endStream: true })
        return
      }
      stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
      stream.end(framed(data))
    }),
  )
}
server.listen(Number(port), '127.0.0.1', () => console.log('listening'))

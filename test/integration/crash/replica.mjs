// A function replica that is made to be killed: plain JavaScript, so that it starts in no time.
// Usage: node replica.mjs <http|grpc> <port> <ledger> <milliseconds of work | fail> <name of this life>
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

function serve(stream, answer) {
  const chunks = []
  stream.on('error', () => {})
  stream.on('data', (chunk) => chunks.push(chunk))
  stream.on('end', () => {
    const data = take(Buffer.concat(chunks))
    if (work === 'fail') answer(data)
    else setTimeout(answer, Number(work), data)
  })
}

const server =
  protocol === 'http'
    ? createHttp((request, response) => {
        if (request.url === '/dapr/subscribe') response.writeHead(404).end()
        else serve(request, (data) => response.writeHead(work === 'fail' ? 500 : 200).end(data))
      })
    : createHttp2({ settings: { maxConcurrentStreams: 1000 } })

if (protocol === 'grpc') {
  server.on('session', (session) => session.on('error', () => {}))
  server.on('stream', (stream) =>
    serve(stream, (data) => {
      if (stream.destroyed) return
      if (work === 'fail') {
        const refusal = { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '3' }
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

// A subscriber that writes down the trace context of each event as it arrived, header and CloudEvent.
import { appendFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { record } from './record.mjs'

const context = JSON.parse(process.env.FUNC_CONTEXT ?? '{}')
const [input] = Object.values(context.inputs ?? {})
const route = `/${input?.uri}`

createServer((request, response) => {
  if (request.url === '/dapr/subscribe') {
    const list = [{ pubsubname: input.componentName, topic: input.uri, route }]
    return response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(list))
  }
  if (request.url !== route) return response.writeHead(404).end()
  let body = ''
  request.on('data', (chunk) => {
    body += chunk
  })
  request.on('end', () => {
    const event = JSON.parse(body)
    const seen = { id: event.data?.id, header: request.headers.traceparent, event: event.traceparent }
    appendFileSync(`${process.env.LEDGER}/traces`, `${JSON.stringify(seen)}\n`)
    record(seen.id)
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"status":"SUCCESS"}')
  })
}).listen(Number(process.env.PORT ?? 8080))

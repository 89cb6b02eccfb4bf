// A server as OpenFunction's Node framework has it: no health route, an empty 200 for an event, HTTP only.
import { createServer } from 'node:http'
import { idOf, record } from './record.mjs'

const context = JSON.parse(process.env.FUNC_CONTEXT ?? '{}')
const inputs = Object.values(context.inputs ?? {})
const isTopic = (input) => input.uri !== undefined && input.componentType?.startsWith('pubsub')
const topicRoute = (input) => `/${input.componentName}--${input.uri}--default`.toLowerCase()
const routes = new Set(inputs.map((input) => (isTopic(input) ? topicRoute(input) : `/${input.componentName}`)))
const subscriptions = inputs
  .filter(isTopic)
  .map((input) => ({ pubsubname: input.componentName, topic: input.uri, route: topicRoute(input) }))

createServer((request, response) => {
  if (request.url === '/dapr/subscribe') return json(response, subscriptions)
  if (!routes.has(request.url)) return response.writeHead(404).end()
  if (request.method === 'OPTIONS') return response.writeHead(200).end()
  let body = ''
  request.on('data', (chunk) => {
    body += chunk
  })
  request.on('end', () => {
    record(idOf(body))
    if (request.url.endsWith('--default')) return json(response, { status: 'SUCCESS' })
    response.writeHead(200).end()
  })
}).listen(Number(process.env.PORT ?? 8080))

function json(response, value) {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}

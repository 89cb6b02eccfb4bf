// The HTTP app channel as daprd sees it: answers daprd's own questions at once, and hands every event to a handler.

import type { Incoming } from '../../h1/incoming.ts'
import { createH1Server, type ServerLimits } from '../../h1/server.ts'
import type { RequestHandler } from '../../h1/server-connection.ts'
import { isToken, tokensOf } from '../app-token.ts'
import type { Route } from '../event.ts'
import { headerValue } from '../header-list.ts'
import type { AppServer, AppServerOptions } from '../server.ts'
import { plainReply } from './answers.ts'
import { Delivery, write } from './delivery.ts'
import type { HttpMessage } from './message.ts'
import { localAnswer } from './questions.ts'
import { readTarget, type Target } from './target.ts'

const invoke: Route = { kind: 'invoke', name: '' }
/** An event of a topic that FUNC_CONTEXT does not declare. */
const anyTopic: Route = { kind: 'topic', name: '' }

const limits: ServerLimits = {
  // Metadata of a broker travels in headers, and daprd sets no limit.
  maxHeadBytes: 64 * 1024,
  headTimeoutMs: 10_000,
  stallTimeoutMs: 60_000,
  // daprd opens up to 1,024.
  maxConnections: 4096,
}

/** Serves the HTTP app channel. It never closes an idle connection: daprd does not repeat a POST that meets a closing socket. */
export function createHttpServer(options: AppServerOptions<HttpMessage>): AppServer {
  const routeOf = router(options)
  const handler: RequestHandler = {
    request(request, response) {
      const target = request.method === 'CONNECT' ? undefined : readTarget(request.target)
      const local = target === undefined ? badTarget : localAnswer(options, request.method, target.path)
      if (local !== undefined || target === undefined) {
        write(response, local ?? badTarget)
        return undefined
      }
      const delivery = new Delivery(options, { request, response, target, route: routeOf(request, target) })
      // A health check brings no token (dapr pkg/channel/http HealthProbe).
      const isFree = options.appToken === undefined || (request.method === 'GET' && target.path === '/healthz')
      if (isFree || isToken(options.appToken.text, tokensOf(request.fields))) delivery.start()
      else delivery.refuse('no-token')
      return delivery
    },
  }
  return createH1Server(limits, handler, options.createServer)
}

const badTarget = plainReply(400, 'the target is neither a path nor a URL')

type RouteOf = (request: Incoming, target: Target) => Route

function router({ inputs }: AppServerOptions<HttpMessage>): RouteOf {
  const routes = new Map(
    [...(inputs?.topics ?? []), ...(inputs?.bindings ?? [])].map(({ path, route }) => [path, route]),
  )
  return ({ fields }, { path }) => routes.get(path) ?? (isTopicEvent(fields) ? anyTopic : invoke)
}

/** As daprd sends it (dapr postman/http). A CloudEvent alone may be what somebody calls a service with, and must not run twice. */
const isTopicEvent = (fields: readonly string[]): boolean =>
  headerValue(fields, 'pubsubname') !== undefined &&
  headerValue(fields, 'content-type')?.toLowerCase().startsWith('application/cloudevents+json') === true

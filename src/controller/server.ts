// The webhook's HTTP edge: express around the pure core, with the limits and timeouts that Metacontroller needs.

import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import express, { type ErrorRequestHandler, type Express, type RequestHandler, type Response } from 'express'
import { collectDefaultMetrics, Histogram, Registry } from 'prom-client'
import type { Running } from '../shared/lifecycle.ts'
import { listenOn } from '../shared/listen.ts'
import { type Log, reason } from '../shared/log.ts'
import { type SyncOptions, sync } from './sync.ts'
import { parseSyncRequest } from './sync-request.ts'

/** A request carries the Function and all its children with their managed fields. */
const maxBodyBytes = 16 * 1024 * 1024
// Metacontroller keeps an idle connection for 90 s and does not repeat a POST that meets a closing one.
const keepAliveMs = 95_000
const headersTimeoutMs = 100_000
// Metacontroller waits 10 s for an answer; whatever takes longer is of no use to it.
const drainMs = 10_000

export interface ControllerOptions extends SyncOptions {
  /** 0 takes any free one. */
  readonly port: number
  readonly log: Log
}

export interface Controller extends Running {
  readonly port: number
}

/** `accepted`, `invalid`: a reply was given. `refused`: 4xx. `failed`: a fault of ours. */
type Outcome = 'accepted' | 'invalid' | 'refused' | 'failed'

/** Resolves once it listens, on all addresses. Throws a ConfigurationError if the port cannot be had. */
export async function startController({ port, log, ...options }: ControllerOptions): Promise<Controller> {
  const server = createServer(controllerApp(options, log))
  const pending = new Set<ServerResponse>()
  server.prependListener('request', (_, response) => {
    pending.add(response)
    response.once('close', () => pending.delete(response))
    if (!server.listening) response.setHeader('Connection', 'close')
  })
  server.keepAliveTimeout = keepAliveMs
  server.headersTimeout = headersTimeoutMs
  const listen = () =>
    new Promise<number>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, () => resolve((server.address() as AddressInfo).port))
    })
  const [bound = port] = await listenOn({ variable: 'CONTROLLER_PORT', port, listen })
  log.info('controller listens', { port: bound })
  return {
    port: bound,
    stop: () =>
      new Promise((resolve) => {
        // Answers that are under way close their connections; idle ones are closed now, stuck ones after the limit.
        for (const response of pending) if (!response.headersSent) response.setHeader('Connection', 'close')
        const limit = setTimeout(() => server.closeAllConnections(), drainMs)
        server.close(() => {
          clearTimeout(limit)
          resolve()
        })
        server.closeIdleConnections()
      }),
  }
}

function controllerApp(options: SyncOptions, log: Log): Express {
  const registry = new Registry()
  const synced = syncDuration(registry)
  const app = express()
  app.disable('x-powered-by')
  // A tag that we do not check against would only fill Metacontroller's cache.
  app.set('etag', false)
  app.get('/healthz', (_, response) => void plain(response, 200, 'ok'))
  app.get('/metrics', async (_, response) => void response.type(registry.contentType).send(await registry.metrics()))
  // Any content type: curl sends a form's by default.
  app.post('/sync', express.json({ limit: maxBodyBytes, type: () => true }), syncHandler(options, synced, log))
  app.use((_, response) => void plain(response, 404, 'not found'))
  app.use(errorHandler(synced))
  return app
}

type Synced = (outcome: Outcome, seconds: number) => void

function syncDuration(registry: Registry): Synced {
  collectDefaultMetrics({ register: registry })
  const duration = new Histogram({
    name: 'dapr_proxy_sync_duration_seconds',
    help: 'Time to answer a sync request, by outcome.',
    labelNames: ['outcome'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
    registers: [registry],
  })
  return (outcome, seconds) => duration.observe({ outcome }, seconds)
}

function syncHandler(options: SyncOptions, synced: Synced, log: Log): RequestHandler {
  return ({ body }, response) => {
    const startMs = performance.now()
    const finish = (outcome: Outcome) => synced(outcome, (performance.now() - startMs) / 1000)
    try {
      const request = parseSyncRequest(body)
      if (typeof request === 'string') {
        finish('refused')
        plain(response, 400, request)
        return
      }
      const result = sync(request, options)
      if (result.kind === 'refused') {
        finish('refused')
        plain(response, 422, result.reason)
        return
      }
      finish(result.isAccepted ? 'accepted' : 'invalid')
      response.json(result.response)
    } catch (error) {
      // Metacontroller copies the answer into an event that many may read, so the reason stays in our log.
      finish('failed')
      log.error('sync failed', { reason: reason(error) })
      plain(response, 500, 'internal error')
    }
  }
}

/** Bodies that could not be read. What the parser says may quote the body, so it is not passed on. */
function errorHandler(synced: Synced): ErrorRequestHandler {
  // Four parameters make it an error handler for express.
  return (error: { status?: number }, _request, response, _next) => {
    synced('refused', 0)
    if (error.status === 413) plain(response, 413, `the body is larger than ${maxBodyBytes / 1024 / 1024} MiB`)
    else if (error.status === 415) plain(response, 415, 'the body must be JSON in UTF-8, plain or compressed with gzip')
    else plain(response, 400, 'the body is not JSON')
  }
}

const plain = (response: Response, status: number, text: string): Response =>
  response.status(status).type('text/plain').send(`${text}\n`)

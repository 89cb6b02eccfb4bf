// Serves a sync function: every path and method is the function's, by express.

import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import express, { type ErrorRequestHandler, type Request, type RequestHandler, type Response } from 'express'
import { defaultMaxEventBytes } from '../dapr/server.ts'
import { type Log, reason } from '../shared/log.ts'
import { type KeyPair, usable } from '../shared/pem-files.ts'
import type { Signature } from './config.ts'
import type { ContextMaker } from './context.ts'
import { faultFields } from './faults.ts'
import type { InFlight } from './in-flight.ts'
import type { UserFunction } from './load-function.ts'
import { encodeData, isBytes } from './payload.ts'

export interface SyncServerOptions {
  readonly userFunction: UserFunction
  readonly signature: Signature
  /** With it the port speaks HTTPS. */
  readonly tls?: KeyPair | undefined
  readonly contextFor: ContextMaker
  readonly inFlight: InFlight
  readonly log: Log
}

// Whoever keeps idle connections (daprd, 90 s) must be the first to close them: nobody repeats a POST that met a closing socket.
const keepAliveTimeoutMs = 100_000

export function createSyncServer(options: SyncServerOptions) {
  const app = express()
  // Behind the platform's proxies, X-Forwarded-* says who asked.
  app.enable('trust proxy')
  app.disable('x-powered-by')
  app.use(countRequests(options.inFlight), bodyParsers(), refuseBody)
  app.use(options.signature === 'http' ? runHttpFunction(options) : runOpenFunction(options))
  app.use(reportFailure(options.log))
  const server = listener(options.tls, app)
  return {
    listen: (port: number, host: string): Promise<number> =>
      new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen(port, host, () => resolve((server.address() as { port: number }).port))
      }),
    close: (): Promise<void> =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function listener(tls: KeyPair | undefined, app: RequestListener): Server {
  const keepAliveTimeout = keepAliveTimeoutMs
  if (tls === undefined) return createServer({ keepAliveTimeout }, app)
  const { cert, key } = tls
  return usable('APP_TLS_CERT', () => createTlsServer({ cert, key, minVersion: 'TLSv1.2', keepAliveTimeout }, app))
}

/** JSON is parsed, text and forms too, anything else is a Buffer in `req.body`; the bytes as they came are in `req.rawBody`. */
function bodyParsers(): RequestHandler[] {
  const common = {
    limit: defaultMaxEventBytes,
    verify: (request: object, _response: unknown, bytes: Buffer) => Object.assign(request, { rawBody: bytes }),
  }
  return [
    express.json({ ...common, strict: false, type: ['application/json', 'application/*+json'] }),
    express.text({ ...common, type: 'text/*' }),
    express.urlencoded({ ...common, extended: true }),
    express.raw({ ...common, type: () => true }),
    (request, _response, next) => {
      // OpenFunction's framework gives {} where there is no body.
      request.body ??= {}
      next()
    },
  ]
}

function countRequests(inFlight: InFlight): RequestHandler {
  return (_request, response, next) => {
    response.once('close', inFlight.enter())
    next()
  }
}

/** The answer is the function's own business, and may come later; only a value that it returns instead is sent. */
function runHttpFunction({ userFunction }: SyncServerOptions): RequestHandler {
  return async (req, res) => {
    const value = await userFunction(req, res)
    if (!res.headersSent && isPlainValue(value)) sendValue(res, value)
  }
}

function runOpenFunction({ userFunction, contextFor }: SyncServerOptions): RequestHandler {
  return async (req: Request, res) => {
    const value = await userFunction(contextFor({ req, res }), req.body)
    if (!res.headersSent) sendValue(res, value)
  }
}

// A handler may return a timer, a stream or express's own response, which are no answers.
function isPlainValue(value: unknown): boolean {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || isBytes(value))
    return true
  if (typeof value !== 'object' || value === null) return false
  return Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype
}

function sendValue(res: Response, value: unknown): void {
  const { bytes, contentType } = encodeData(value)
  if (value === undefined || value === null) {
    if (res.statusCode === 200) res.status(204)
    res.end()
    return
  }
  if (!res.hasHeader('content-type')) res.set('content-type', contentType)
  res.send(bytes)
}

// Express knows error handlers by their four parameters.

/** What the body parsers refused, before the function ran: 400 for malformed, 413 for too large, 415 for an encoding. */
const refuseBody: ErrorRequestHandler = (error: { status?: number }, _req, res, _next) => {
  sendFailure(res, error.status ?? 400, reason(error))
}

function reportFailure(log: Log): ErrorRequestHandler {
  return (error: unknown, req, res, _next) => {
    log.error('the function failed', { method: req.method, ...faultFields(error) })
    // Half an answer must not look like a whole one.
    if (res.headersSent) res.destroy()
    else sendFailure(res, 500, 'the function failed')
  }
}

function sendFailure(res: Response, status: number, error: string): void {
  for (const name of res.getHeaderNames()) res.removeHeader(name)
  res.set('X-OpenFunction-Status', 'error').status(status).json({ error })
}

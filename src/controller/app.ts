// The routes of the webhook: who may ask, how much, how often, and which answer it gets.

import { createHash } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import express, { type ErrorRequestHandler, type Express, type RequestHandler, type Response } from 'express'
import type { KubeObject } from '../shared/k8s.ts'
import { type Log, reason } from '../shared/log.ts'
import type { Yardstick } from './accept.ts'
import { type Credentials, isToken } from './credentials.ts'
import { type Answer, answer, type HookName } from './hooks.ts'
import type { Metrics, Outcome } from './metrics.ts'

/** A request carries the Function and all its children with their managed fields. */
const maxBodyBytes = 16 * 1024 * 1024
/** Requests that may be under way at a time; each may hold a body. */
const maxPending = 100
/** Functions whose last answer is remembered, to say in the log when it changes. */
const maxRemembered = 10_000

export interface AppOptions extends Yardstick {
  readonly log: Log
  readonly metrics: Metrics
  readonly credentials: () => Credentials
  /** Number of requests under way, this one included. */
  readonly pending: () => number
  readonly nowMs: () => number
}

const hookNames: readonly HookName[] = ['sync', 'finalize', 'customize', 'decorate']

export function controllerApp(options: AppOptions): Express {
  const { metrics } = options
  const app = express()
  app.disable('x-powered-by')
  // Ours are made of the whole answer; express would not look at If-None-Match of a POST.
  app.set('etag', false)
  // Any content type: curl sends a form's by default. All that can be refused unread is refused unread.
  const readBody = [express.raw({ limit: maxBodyBytes, type: () => true }), asJson]
  const remembered = new Map<string, string>()
  for (const hook of hookNames) {
    app.post(`/${hook}`, guard(options), readBody, handler(hook, options, remembered))
  }
  app.get('/healthz', (_, response) => void plain(response, 200, 'ok'))
  app.get('/metrics', async (_, response) => {
    response.type(metrics.registry.contentType).send(await metrics.registry.metrics())
  })
  app.use((_, response) => void plain(response, 404, 'not found'))
  app.use(errorHandler(metrics))
  return app
}

function guard({ credentials, pending, metrics }: AppOptions): RequestHandler {
  return (request, response, next) => {
    const { tls, tokenHash } = credentials()
    const isUnknown = tls?.ca !== undefined && !(request.socket as TLSSocket).authorized
    if (isUnknown || (tokenHash && !isToken(request.headers.authorization, tokenHash))) {
      metrics.answered('none', 'refused', 0)
      // The body is not read, so the connection cannot go on.
      response.setHeader('Connection', 'close')
      if (!isUnknown) response.setHeader('WWW-Authenticate', 'Bearer')
      plain(response, 401, isUnknown ? 'a certificate of a known authority is needed' : 'a bearer token is needed')
    } else if (pending() > maxPending) {
      metrics.answered('none', 'refused', 0)
      response.setHeader('Connection', 'close')
      response.setHeader('Retry-After', '1')
      plain(response, 429, 'too many requests are under way')
    } else next()
  }
}

/** At once: `express.json` decodes the body piece by piece, and a large question takes a fifth more time. */
const asJson: RequestHandler = (request, _response, next) => {
  if (Buffer.isBuffer(request.body)) request.body = JSON.parse(request.body.toString())
  next()
}

function handler(hook: HookName, options: AppOptions, remembered: Map<string, string>): RequestHandler {
  const { metrics, log, settings, checkShape, nowMs } = options
  return ({ body, headers }, response) => {
    const startMs = performance.now()
    const finish = (outcome: Outcome) => metrics.answered(hook, outcome, (performance.now() - startMs) / 1000)
    try {
      const result = answer(hook, body, { settings, checkShape, nowMs: nowMs() })
      if ('status' in result) {
        finish('refused')
        plain(response, result.status, result.text)
        return
      }
      const parent = (hook === 'decorate' ? body.object : body.parent) as KubeObject
      const text = JSON.stringify(result.body)
      const tag = tagOf(parent, text)
      report(hook, parent, result, { log, metrics, tag, remembered })
      response.setHeader('ETag', tag)
      if (headers['if-none-match'] === tag) {
        finish('unchanged')
        response.status(304).end()
        return
      }
      finish(result.problems.length === 0 ? 'accepted' : 'invalid')
      // `send` would copy the text and look at it once more: a tenth of what a small answer costs.
      response.setHeader('Content-Type', 'application/json; charset=utf-8')
      response.end(text)
    } catch (error) {
      // Metacontroller copies the answer into an event that many may read, so the reason stays in our log.
      finish('failed')
      log.error('request failed', { hook, reason: reason(error) })
      plain(response, 500, 'internal error')
    }
  }
}

/** Metacontroller caches by name alone: the uid keeps a Function that was made anew from the answer of the old one. */
function tagOf({ metadata }: KubeObject, text: string): string {
  return `"${createHash('sha256')
    .update(`${metadata.uid ?? ''} ${text}`)
    .digest('base64url')
    .slice(0, 22)}"`
}

interface Reporting {
  readonly log: Log
  readonly metrics: Metrics
  readonly tag: string
  readonly remembered: Map<string, string>
}

function report(hook: HookName, { metadata }: KubeObject, result: Answer, reporting: Reporting): void {
  const { log, metrics, tag, remembered } = reporting
  const { children, attachments } = result.body as { children?: KubeObject[]; attachments?: KubeObject[] }
  const kinds = (children ?? attachments ?? []).map(({ kind }) => kind)
  metrics.children(kinds)
  if (result.problems.length > 0) metrics.rejected(result.problems)
  // JSON escapes whatever a name may hold.
  const fields = { hook, namespace: metadata.namespace, function: metadata.name, generation: metadata.generation }
  const key = `${hook} ${metadata.namespace}/${metadata.name}`
  const isNew = remembered.get(key) !== tag
  // A Map keeps the order of insertion: the first key is the one that was not asked about for longest.
  remembered.delete(key)
  remembered.set(key, tag)
  if (remembered.size > maxRemembered) remembered.delete(remembered.keys().next().value ?? '')
  if (isNew) log.info('answer changed', { ...fields, children: kinds.length, problems: result.problems.length })
  else log.debug('answered', fields)
}

/** Bodies that could not be read. What the parser says may quote the body, so it is not passed on. */
function errorHandler(metrics: Metrics): ErrorRequestHandler {
  // Four parameters make it an error handler for express.
  return (error: { status?: number }, _request, response, _next) => {
    metrics.answered('none', 'refused', 0)
    if (error.status === 413) plain(response, 413, `the body is larger than ${maxBodyBytes / 1024 / 1024} MiB`)
    else if (error.status === 415) plain(response, 415, 'the body must be JSON in UTF-8, plain or compressed with gzip')
    else plain(response, 400, 'the body is not JSON')
  }
}

const plain = (response: Response, status: number, text: string): Response =>
  response.status(status).type('text/plain').send(`${text}\n`)

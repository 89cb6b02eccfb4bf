// The webhook's HTTP or HTTPS edge, with the limits and timeouts that Metacontroller needs.

import { createServer, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { ConfigurationError } from '../shared/env.ts'
import type { Running } from '../shared/lifecycle.ts'
import { listenOn } from '../shared/listen.ts'
import { type Log, reason } from '../shared/log.ts'
import type { Yardstick } from './accept.ts'
import { controllerApp } from './app.ts'
import { type CredentialFiles, type Credentials, readCredentials } from './credentials.ts'
import { createMetrics } from './metrics.ts'

// Metacontroller keeps an idle connection for 90 s and does not repeat a POST that meets a closing one.
const keepAliveMs = 95_000
const headersTimeoutMs = 100_000
// Metacontroller waits 10 s for an answer; whatever takes longer is of no use to it.
const requestTimeoutMs = 10_000
const drainMs = 10_000
/** How often the files of certificate and token are looked at. */
const reloadMs = 10_000

export interface ControllerOptions extends Yardstick {
  /** 0 takes any free one. */
  readonly port: number
  readonly files: CredentialFiles
  readonly log: Log
  /** For tests. */
  readonly reloadEveryMs?: number
}

export interface Controller extends Running {
  readonly port: number
}

/** Resolves once it listens, on all addresses. Throws a ConfigurationError if a file or the port cannot be had. */
export async function startController(options: ControllerOptions): Promise<Controller> {
  const { port, files, log, ...yardstick } = options
  let credentials = firstCredentials(files)
  const pending = new Set<ServerResponse>()
  const app = controllerApp({
    ...yardstick,
    log,
    metrics: createMetrics(),
    credentials: () => credentials,
    pending: () => pending.size,
    nowMs: Date.now,
  })
  const { tls } = credentials
  // Whoever has no certificate is turned away by the route, so that probes need none.
  const server: Server = tls
    ? createTlsServer(
        { ...tls, requestCert: tls.ca !== undefined, rejectUnauthorized: false, minVersion: 'TLSv1.2' },
        app,
      )
    : createServer(app)
  server.prependListener('request', (_, response) => {
    pending.add(response)
    response.once('close', () => pending.delete(response))
    if (!server.listening) response.setHeader('Connection', 'close')
  })
  server.keepAliveTimeout = keepAliveMs
  server.headersTimeout = headersTimeoutMs
  server.requestTimeout = requestTimeoutMs
  const listen = () =>
    new Promise<number>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, () => resolve((server.address() as AddressInfo).port))
    })
  const [bound = port] = await listenOn({ variable: 'CONTROLLER_PORT', port, listen })
  log.info('controller listens', { port: bound, tls: tls !== undefined, token: credentials.tokenHash !== undefined })
  const reload = setInterval(() => {
    const next = readCredentials(files)
    if (Array.isArray(next)) {
      log.warn('credentials are kept, for their files cannot be read', { reason: next[0]?.message })
    } else if ((next as Credentials).mark !== credentials.mark) {
      credentials = renewed(server, next as Credentials, credentials, log)
    }
  }, options.reloadEveryMs ?? reloadMs)
  reload.unref()
  return { port: bound, stop: () => stop(server, pending, reload) }
}

function firstCredentials(files: CredentialFiles): Credentials {
  const read = readCredentials(files)
  if ('mark' in read) return read
  throw new ConfigurationError(read)
}

/** The old ones stay where the new ones are no certificate and key that fit each other. */
function renewed(server: Server, next: Credentials, old: Credentials, log: Log): Credentials {
  try {
    if (next.tls) (server as unknown as { setSecureContext(options: object): void }).setSecureContext(next.tls)
    log.info('credentials are renewed')
    return next
  } catch (error) {
    log.warn('credentials are kept, for the new ones do not work', { reason: reason(error) })
    return old
  }
}

function stop(server: Server, pending: ReadonlySet<ServerResponse>, reload: NodeJS.Timeout): Promise<void> {
  clearInterval(reload)
  return new Promise((resolve) => {
    // Answers that are under way close their connections; idle ones are closed now, stuck ones after the limit.
    for (const response of pending) if (!response.headersSent) response.setHeader('Connection', 'close')
    const limit = setTimeout(() => server.closeAllConnections(), drainMs)
    server.close(() => {
      clearTimeout(limit)
      resolve()
    })
    server.closeIdleConnections()
  })
}

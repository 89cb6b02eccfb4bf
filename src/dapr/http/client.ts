// One replica of a function over HTTP/1.1: an EventHandler that keeps its connections alive.

// The pool alone: the whole of undici would double the memory and the start time of the proxy.
import type { Dispatcher } from 'undici'
import Pool from 'undici/lib/dispatcher/pool.js'
import { reason } from '../../shared/log.ts'
import { createBootWatch } from '../boot.ts'
import { Departure } from '../departure.ts'
import { dial } from '../dial.ts'
import type { Event, Outcome, ReplicaClient, Route } from '../event.ts'
import { authority, connectTimeoutMs, type ReplicaAddress } from '../replica.ts'
import { isMissingRoute, verdictOf } from './answers.ts'
import { exchange } from './exchange.ts'
import type { HttpMessage, HttpReply } from './message.ts'
import { createTopicRoutes } from './topic-routes.ts'

export function createHttpClient(address: ReplicaAddress, now = () => performance.now()): ReplicaClient<HttpMessage> {
  const pool: Dispatcher = new Pool(`http://${authority(address)}`, {
    connect: (_options, done) => {
      const socket = dial(address)
      socket.once('connect', () => done(null, socket)).once('error', (error) => done(error, null))
    },
    // A function may run for as long as daprd waits, and daprd waits without limit.
    headersTimeout: 0,
    bodyTimeout: 0,
    // A connection rests for the last second of what `Keep-Alive: timeout=` promises: a POST must not meet a closing socket.
    keepAliveTimeoutThreshold: 1000,
  })
  const boot = createBootWatch(now)
  const topicRoutes = createTopicRoutes(() => askSubscriptions(pool), now)
  const startOver = () => {
    boot.unreachable()
    topicRoutes.forget()
  }
  let connections = 0
  pool.on('connect', () => {
    connections += 1
  })
  pool.on('disconnect', (_origin, _targets, error) => {
    connections -= 1
    // Not one that we closed ourselves: whatever listens there next may be a new start of the function.
    if (connections === 0 && error.code !== 'UND_ERR_INFO') startOver()
  })

  const send = async (event: Event<HttpMessage>): Promise<Outcome> => {
    const target = await targetOf(event)
    if (target.kind === 'not-run') return target
    const outcome = await exchange(pool, { ...event.message, path: target.path }, event.sender)
    if (outcome.kind === 'not-run') {
      startOver()
      return outcome
    }
    boot.connected()
    if (outcome.kind !== 'answered') return outcome
    const isMissing = isEvent(event.route) && isMissingRoute(outcome.reply.status)
    if (isMissing) {
      if (boot.isBooting()) {
        topicRoutes.forget()
        return { kind: 'not-run', cause: 'it has no such route yet' }
      }
    } else boot.answered()
    event.message.answer(outcome.reply)
    const verdict = verdictOf(event.route, outcome.reply)
    return { kind: 'answered', verdict, ...(isMissing && { isMissingRoute: true }) }
  }

  const targetOf = async ({ route, message }: Event<HttpMessage>): Promise<Target> => {
    if (route.pubsub === undefined || route.topic === undefined) return { kind: 'path', path: message.path }
    try {
      return { kind: 'path', path: await topicRoutes.pathOf(route.pubsub, route.topic) }
    } catch (error) {
      return { kind: 'not-run', cause: reason(error) }
    }
  }

  return {
    send,
    close: () => {
      pool.close().catch(() => {})
    },
  }
}

type Target = { readonly kind: 'path'; readonly path: string } | { readonly kind: 'not-run'; readonly cause: string }

const isEvent = (route: Route): boolean => route.kind !== 'invoke'

/** Time for the answer to `/dapr/subscribe`, the connection included; above the connect timeout, so that it is that which tells. Milliseconds. */
const askTimeoutMs = 2 * connectTimeoutMs

/** The reply to `/dapr/subscribe`; undefined if the replica broke off or did not answer in time. */
async function askSubscriptions(pool: Dispatcher): Promise<HttpReply | undefined> {
  const request = { method: 'GET', path: '/dapr/subscribe', headers: [], body: Buffer.alloc(0) }
  const asker = new Departure()
  const tooLate = setTimeout(() => asker.leave(), askTimeoutMs)
  const outcome = await exchange(pool, request, asker)
  clearTimeout(tooLate)
  if (outcome.kind === 'not-run') throw new Error(outcome.cause)
  return outcome.kind === 'answered' ? outcome.reply : undefined
}

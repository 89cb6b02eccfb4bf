// One replica of a function over HTTP/1.1: an EventHandler that keeps its connections alive.

import { createH1Client, type H1Client } from '../../h1/client.ts'
import { reason } from '../../shared/log.ts'
import { createBootWatch } from '../boot.ts'
import { Departure } from '../departure.ts'
import { plainWay, type Way } from '../dial.ts'
import type { Event, Exchanged, Outcome, ReplicaClient } from '../event.ts'
import { authority, connectTimeoutMs, type ReplicaAddress } from '../replica.ts'
import { isMissingRoute, isSuccess, verdictOf } from './answers.ts'
import { bulkEntryIds, withEveryEntry } from './bulk.ts'
import { exchange, relay } from './exchange.ts'
import type { HttpMessage, HttpReply } from './message.ts'
import { createTopicRoutes } from './topic-routes.ts'

/** Bytes of the head of an answer. A sidecar reads 4 KiB of it by default; more may be asked for by invocation. */
const maxHeadBytes = 64 * 1024

export function createHttpClient(
  address: ReplicaAddress,
  { dial }: Way = plainWay,
  now = () => performance.now(),
): ReplicaClient<HttpMessage> {
  const boot = createBootWatch(now)
  // Whatever listens there next may be a new start of the function.
  const startOver = () => {
    boot.unreachable()
    topicRoutes.forget()
  }
  const client = createH1Client({ dial: (wanted) => dial(address, wanted), maxHeadBytes, onDeserted: startOver })
  const topicRoutes = createTopicRoutes(() => askSubscriptions(client, authority(address)), now)

  const send = (event: Event<HttpMessage>): Promise<Outcome> => {
    if (event.route.kind === 'invoke') return sendInvocation(event)
    const { pubsub, topic } = event.route
    if (pubsub === undefined || topic === undefined) return sendEvent(event, event.message.path)
    const path = topicRoutes.knownPathOf(pubsub, topic)
    return path === undefined ? sendToAskedPath(event, pubsub, topic) : sendEvent(event, path)
  }

  const sendToAskedPath = async (event: Event<HttpMessage>, pubsub: string, topic: string): Promise<Outcome> => {
    let path: string
    try {
      path = await topicRoutes.pathOf(pubsub, topic)
    } catch (error) {
      startOver()
      return { kind: 'not-run', cause: reason(error) }
    }
    return sendEvent(event, path)
  }

  const sendInvocation = async (event: Event<HttpMessage>): Promise<Outcome> => {
    const outcome = await relay(client, event.message, event.sender)
    if (outcome.kind === 'not-run') startOver()
    else {
      boot.connected()
      // A router that knows no routes yet says 404 to whatever comes.
      if (outcome.kind === 'answered' && !outcome.isMissingRoute) boot.answered()
    }
    return outcome
  }

  const sendEvent = (event: Event<HttpMessage>, path: string): Promise<Outcome> =>
    exchange(client, event.message, path, event.sender).then((came) => outcomeOf(event, came))

  const outcomeOf = ({ route, message }: Event<HttpMessage>, came: Exchanged<HttpReply>): Outcome => {
    if (came.kind === 'not-run') {
      startOver()
      return came
    }
    boot.connected()
    if (came.kind !== 'answered') return came
    const isMissing = isMissingRoute(came.reply.status)
    if (isMissing) {
      if (boot.isBooting()) {
        topicRoutes.forget()
        return { kind: 'not-run', cause: 'it has no such route yet' }
      }
    } else boot.answered()
    const entryIds = route.kind === 'topic' && isSuccess(came.reply.status) ? bulkEntryIds(message) : undefined
    if (entryIds === undefined) {
      message.answer(came.reply)
      const verdict = verdictOf(route, came.reply)
      return isMissing ? { kind: 'answered', verdict, isMissingRoute: true } : { kind: 'answered', verdict }
    }
    const { verdict, reply } = withEveryEntry(entryIds, came.reply)
    message.answer(reply)
    return { kind: 'answered', verdict }
  }

  const abandon = (cause: string) => {
    client.abandon(new Error(cause))
    startOver()
  }

  return { send, close: client.close, abandon }
}

/** Time for the answer to `/dapr/subscribe`, the connection included; above the connect timeout, so that it is that which tells. Milliseconds. */
const askTimeoutMs = 2 * connectTimeoutMs

/** The reply to `/dapr/subscribe`; undefined if the replica broke off or did not answer in time. */
async function askSubscriptions(client: H1Client, host: string): Promise<HttpReply | undefined> {
  const asker = new Departure()
  const tooLate = setTimeout(() => asker.leave(), askTimeoutMs)
  const request = { method: 'GET', headers: ['Host', host], body: Buffer.alloc(0) }
  const outcome = await exchange(client, request, '/dapr/subscribe', asker)
  clearTimeout(tooLate)
  if (outcome.kind === 'not-run') throw new Error(outcome.cause)
  return outcome.kind === 'answered' ? outcome.reply : undefined
}

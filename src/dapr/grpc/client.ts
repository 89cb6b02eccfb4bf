// One replica of a function over gRPC: an EventHandler on one HTTP/2 connection.

import type { ClientHttp2Session } from 'node:http2'
import { reason } from '../../shared/log.ts'
import { createBootWatch } from '../boot.ts'
import type { Event, Outcome, ReplicaClient } from '../event.ts'
import type { ReplicaAddress } from '../replica.ts'
import { isMissingRoute, statusOf, verdictOf } from './answers.ts'
import { exchange } from './exchange.ts'
import type { GrpcMessage } from './message.ts'
import { createSessionHolder } from './session.ts'

export function createGrpcClient(address: ReplicaAddress, now = () => performance.now()): ReplicaClient<GrpcMessage> {
  const boot = createBootWatch(now)
  // Whatever listens there next may be a new start of the function.
  const sessions = createSessionHolder(address, () => boot.unreachable())

  const send = async (event: Event<GrpcMessage>): Promise<Outcome> => {
    let session: ClientHttp2Session
    try {
      session = await sessions.open()
    } catch (error) {
      boot.unreachable()
      return { kind: 'not-run', cause: reason(error) }
    }
    boot.connected()
    const outcome = await exchange(session, event.message, event.sender)
    if (session.closed || session.destroyed) sessions.retire(session)
    if (outcome.kind !== 'answered') return outcome
    const code = statusOf(outcome.reply) as number
    const isMissing = event.route.kind !== 'invoke' && isMissingRoute(code)
    if (isMissing) {
      if (boot.isBooting()) return { kind: 'not-run', cause: 'it has no such method yet' }
    } else boot.answered()
    event.message.answer(outcome.reply)
    const verdict = verdictOf(event.route, code, outcome.reply)
    return { kind: 'answered', verdict, ...(isMissing && { isMissingRoute: true }) }
  }

  return { send, close: () => sessions.close() }
}

// What daprd asks of an app before and between events, and what a proxy answers in place of a function.

import type { Event } from '../event.ts'
import type { Inputs } from '../inputs.ts'
import { jsonReply, plainReply } from './answers.ts'
import type { HttpReply } from './message.ts'

export interface Answers {
  readonly inputs?: Inputs
  readonly isHealthy: () => boolean
}

/** The answer, at once: none of it may wait for a function. Undefined if it is no question, or the function's to answer. */
export function localAnswer({ inputs, isHealthy }: Answers, method: string, path: string): HttpReply | undefined {
  if (method === 'GET' && path === '/healthz') {
    if (!isHealthy()) return plainReply(503, 'draining')
    return inputs && plainReply(200, 'ok')
  }
  if (inputs === undefined) return undefined
  if (method === 'GET' && path === '/dapr/config') return jsonReply({})
  if (method === 'GET' && path === '/dapr/subscribe') {
    return jsonReply(
      inputs.topics.map(({ pubsub, topic, path: route, deadLetterTopic }) => ({
        pubsubname: pubsub,
        topic,
        route,
        ...(deadLetterTopic && { deadLetterTopic }),
      })),
    )
  }
  // 405 would mean that we want the binding (dapr processor/binding/send.go).
  if (method !== 'OPTIONS') return undefined
  const isWanted = inputs.bindings.some((binding) => binding.path === path)
  return { status: isWanted ? 200 : 404, headers: [], body: Buffer.alloc(0) }
}

/** daprd waits so long for the answer to OPTIONS, and then starts none of the bindings that are left. Milliseconds. */
const optionsTimeoutMs = 3000

/** What is asked of an app, if it is a question of daprd, and when it must have its answer: a health check at once. */
export function questionOf(
  method: string,
  path: string,
  nowMs: number,
): Pick<Event<never>, 'isQuestion' | 'deadlineMs'> {
  if (method === 'OPTIONS') return { isQuestion: true, deadlineMs: nowMs + optionsTimeoutMs }
  if (method !== 'GET') return {}
  if (path === '/healthz') return { deadlineMs: nowMs }
  return path === '/dapr/config' || path === '/dapr/subscribe' ? { isQuestion: true } : {}
}

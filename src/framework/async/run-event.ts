// Runs the function for one event and says what came of it. Nothing that it throws gets past here.

import type { Verdict } from '../../dapr/event.ts'
import type { Log } from '../../shared/log.ts'
import type { ContextMaker, EventSource } from '../context.ts'
import { faultFields } from '../faults.ts'
import type { UserFunction } from '../load-function.ts'
import { type Encoded, encodeData } from '../payload.ts'

export interface EventResult {
  readonly verdict: Verdict
  /** What the function returned; empty unless the verdict is `success` or `drop`. */
  readonly reply: Encoded
}

export type RunEvent = (event: EventSource, data: unknown) => Promise<EventResult>

export function createRunEvent(userFunction: UserFunction, contextFor: ContextMaker, log: Log): RunEvent {
  return async (event, data) => {
    try {
      const value = await userFunction(contextFor({ event }), data)
      const verdict = verdictOf(value)
      // A topic takes no data back.
      const isAnswer = event.kind === 'binding' && verdict !== 'retry'
      return { verdict, reply: encodeData(isAnswer ? value : undefined) }
    } catch (error) {
      const source = event.topic === undefined ? event.component : `${event.component}/${event.topic}`
      log.error('the function failed; the event is to be delivered again', { event: source, ...faultFields(error) })
      return { verdict: 'failed', reply: encodeData(undefined) }
    }
  }
}

const verdicts: Readonly<Record<string, Verdict>> = { SUCCESS: 'success', RETRY: 'retry', DROP: 'drop' }

/** `'RETRY'`, `'DROP'`, or an object with such a `status`; everything else is a success. */
export function verdictOf(value: unknown): Verdict {
  const status = typeof value === 'object' && value !== null ? (value as { status?: unknown }).status : value
  return (typeof status === 'string' && Object.hasOwn(verdicts, status) ? verdicts[status] : undefined) ?? 'success'
}

// What came of an event, in one word: a value of the label `outcome`, and the class of a failure in the log.

import type { Outcome, Refusal, Verdict } from '../dapr/event.ts'

export type Result = Verdict | 'missing-route' | 'broken' | 'not-run' | Refusal

export const results: readonly Result[] = [
  'success',
  'retry',
  'drop',
  'missing-route', // the function has no such route: daprd drops an event of a topic
  'failed',
  'broken',
  'not-run',
  'no-replica',
  'held-full',
  'deadline',
  'cancelled',
  'too-large',
  'no-token',
]

export function resultOf(outcome: Outcome): Result {
  if ('refusal' in outcome) return outcome.refusal
  if (!('verdict' in outcome)) return outcome.kind
  return outcome.verdict === 'drop' && 'isMissingRoute' in outcome ? 'missing-route' : outcome.verdict
}

/** The function has done with the event what it wanted to. A RETRY is its wish as well, but the event is not done. */
export const isDone = (result: Result): boolean => result === 'success' || result === 'drop'

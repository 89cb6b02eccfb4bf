// What the two protocols make of a function: they answer events.

import type { Event, Verdict } from '../../dapr/event.ts'

/** The function at work on one event. */
export type AnswerEvent<Request, Reply> = (
  event: Event<Request>,
) => Promise<{ readonly verdict: Verdict; readonly reply: Reply }>

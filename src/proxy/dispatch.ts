// One event to one replica; to another one if the first did not run it, or broke off and a second run is allowed; and held while there is none.

import type { Event, EventHandler, Outcome } from '../dapr/event.ts'
import { reason } from '../shared/log.ts'
import { type Balancer, Lease } from './balancer.ts'
import type { Cause, Hold, Patience } from './hold.ts'
import type { KeyOrder } from './key-order.ts'
import type { Delivery, Observer, RetryCause } from './observer.ts'
import type { Replica } from './replica/replica.ts'
import type { RetryBudget } from './retry-budget.ts'
import type { Time } from './time.ts'

export interface DispatchParts<Message> {
  readonly balancer: Balancer<Message>
  readonly hold: Hold
  readonly budget: RetryBudget
  /** Only for a policy that keeps the order of each key. */
  readonly order?: KeyOrder
  readonly observer: Observer
  readonly time: Time
}

/** An event that breaks each replica that it comes to must not go through all of them. */
const mostBreaks = 3

/** How far one event has come. */
interface Journey<Message> {
  readonly event: Event<Message>
  readonly startedMs: number
  /** Only where the order of keys is kept. */
  readonly key: string | undefined
  patience: Patience | undefined
  /** Replicas of this sweep. */
  tried: Set<Replica<Message>> | undefined
  last: Replica<Message> | undefined
  attempts: number
  /** Connections that broke while a replica had it. */
  breaks: number
  /** How it broke last. */
  broken: Outcome | undefined
  /** Why it is to be sent once more; counted when it leaves. */
  retry: RetryCause | undefined
}

/** Tells of an event that is over, and what came of it. */
type End<Message> = (journey: Journey<Message>, outcome: Outcome) => Outcome

export interface Dispatch<Message> {
  readonly handler: EventHandler<Message>
  /** Events that are held or in flight now. */
  underWay(): number
}

export function createDispatch<Message>(parts: DispatchParts<Message>): Dispatch<Message> {
  const { budget, order, observer, time } = parts
  let underWay = 0

  const end: End<Message> = (journey, outcome) => {
    underWay -= 1
    observer.delivered(story(journey, outcome, time.now()))
    return outcome
  }

  const handler = (event: Event<Message>): Promise<Outcome> => {
    const startedMs = time.now()
    budget.event(startedMs)
    const journey: Journey<Message> = {
      event,
      startedMs,
      key: order && event.identity?.().partitionKey,
      patience: undefined,
      tried: undefined,
      last: undefined,
      attempts: 0,
      breaks: 0,
      broken: undefined,
      retry: undefined,
    }
    underWay += 1
    return order && journey.key ? inTurn(journey, order, parts, end) : deliver(journey, parts, end)
  }

  return { handler, underWay: () => underWay }
}

/** What a replica answers is the answer. */
async function deliver<Message>(
  journey: Journey<Message>,
  parts: DispatchParts<Message>,
  end: End<Message>,
): Promise<Outcome> {
  const { balancer, hold, budget, time } = parts
  for (;;) {
    const nowMs = time.now()
    const tooMuch = overBudget(journey, budget, nowMs)
    if (tooMuch !== undefined) return end(journey, tooMuch)
    const lease = balancer.lease(journey.event, nowMs, journey.tried, journey.key)
    if (!(lease instanceof Lease)) {
      const refused = await rest(journey, hold, lease)
      if (refused !== undefined) return end(journey, refused)
      continue
    }
    countRetry(parts, journey, nowMs)
    journey.last = lease.replica
    journey.attempts += 1
    let outcome: Outcome
    try {
      outcome = await lease.replica.client.send(journey.event)
    } catch (error) {
      // It never rejects; if it should, one event must not cost the place of another.
      outcome = { kind: 'broken', cause: reason(error) }
    }
    lease.release(outcome, time.now())
    countAnswer(parts, outcome)
    journey.retry = retryCause(journey, outcome)
    if (journey.retry === undefined) return end(journey, outcome)
    journey.tried ??= new Set()
    journey.tried.add(lease.replica)
  }
}

/** Resolves to the outcome if there is nothing left to wait for. */
async function rest<Message>(journey: Journey<Message>, hold: Hold, cause: Cause): Promise<Outcome | undefined> {
  journey.patience ??= hold.begin(journey.event, journey.startedMs)
  const refusal = await hold.wait(journey.patience, cause)
  // That it may have run weighs more than that it found nobody afterwards.
  if (refusal !== undefined) return journey.broken ?? { kind: 'refused', refusal }
  if (journey.patience.hasRested) journey.tried = undefined
  return undefined
}

/** Waits for the turn of a key, and gives it on. */
async function inTurn<Message>(
  journey: Journey<Message>,
  order: KeyOrder,
  parts: DispatchParts<Message>,
  end: End<Message>,
): Promise<Outcome> {
  const { hold } = parts
  const key = journey.key as string
  if (!order.enter(key)) {
    journey.patience = hold.begin(journey.event, journey.startedMs)
    let hasTurn = false
    const refusal = await hold.wait(journey.patience, 'no-turn', (wake) =>
      order.onTurn(key, () => {
        hasTurn = true
        wake()
      }),
    )
    if (!hasTurn) return end(journey, { kind: 'refused', refusal: refusal ?? 'held-full' })
  }
  try {
    return await deliver(journey, parts, end)
  } finally {
    order.leave(key)
  }
}

function story<Message>(journey: Journey<Message>, outcome: Outcome, endedMs: number): Delivery {
  const { event, last, attempts, breaks, startedMs } = journey
  return {
    route: event.route,
    identity: event.identity,
    outcome,
    replica: last?.address,
    attempts,
    breaks,
    startedMs,
    endedMs,
  }
}

/** Why the event may go to another replica; undefined if it may not. */
function retryCause<Message>(journey: Journey<Message>, outcome: Outcome): RetryCause | undefined {
  const { event } = journey
  if (outcome.kind === 'broken') journey.breaks += 1
  if (event.sender.isGone) return undefined
  switch (outcome.kind) {
    case 'not-run':
      return 'not-run'
    case 'broken': {
      // Events of components are delivered at least once; who invokes a service was promised no such thing.
      const mayRunTwice = event.route.kind !== 'invoke' || event.isQuestion === true
      if (!mayRunTwice || outcome.hasBegun || journey.breaks > mostBreaks) return undefined
      journey.broken = outcome
      return 'broken'
    }
    default:
      return undefined
  }
}

/** How it broke, if a second run is not affordable: others may have used up the budget while this one waited. */
function overBudget<Message>(journey: Journey<Message>, budget: RetryBudget, nowMs: number): Outcome | undefined {
  return journey.retry === 'broken' && !budget.allows(nowMs) ? journey.broken : undefined
}

/** Also an error of its own: what matters is that a function was there to give it. */
function countAnswer<Message>({ budget }: DispatchParts<Message>, outcome: Outcome): void {
  if (outcome.kind === 'answered') budget.answered()
}

/** A try that leaves is a retry if there was one before; one that finds nobody is none. */
function countRetry<Message>({ budget, observer }: DispatchParts<Message>, journey: Journey<Message>, nowMs: number) {
  const { retry, event } = journey
  if (retry === undefined) return
  if (retry === 'broken') budget.take(nowMs)
  observer.retried(event.route, retry)
}

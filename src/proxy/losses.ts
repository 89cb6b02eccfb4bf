// Which answers to daprd lose an event: what its component does with an event that failed.

import type { Route } from '../dapr/event.ts'
import type { FuncContext } from '../shared/func-context.ts'
import type { Result } from './result.ts'

/**
 * Why an event would be lost.
 * - `no-such-route`: the function answered 404 or UNIMPLEMENTED to a topic. daprd acknowledges, and no retry policy helps.
 * - `failed`: the function failed, or asked for a retry, and the component drops what failed.
 * - `undelivered`: the proxy gave the event back, and the component drops what failed.
 */
export type LossCause = 'no-such-route' | 'failed' | 'undelivered'

export const lossCauses: readonly LossCause[] = ['no-such-route', 'failed', 'undelivered']

/**
 * Components that deliver again what failed (components-contrib, at their defaults): they keep the offset, reject with requeue, or do
 * not acknowledge. All others are taken to drop it, and the known ones do: pubsub.redis acknowledges (daprd 1.17 and later),
 * pubsub.rabbitmq rejects without requeue, bindings.kafka goes on to the next offset, bindings.cron ignores what came of a tick.
 */
const redelivering: ReadonlySet<string> = new Set([
  'pubsub.aws.snssqs',
  'pubsub.azure.servicebus.queues',
  'pubsub.azure.servicebus.topics',
  'pubsub.gcp.pubsub',
  'pubsub.jetstream',
  'pubsub.kafka',
  'pubsub.mqtt3',
  'pubsub.pulsar',
  'bindings.aws.sqs',
  'bindings.gcp.pubsub',
  'bindings.rabbitmq',
])

const cron = 'bindings.cron'

/** Undefined if the event is done, or will be delivered again, or never was one of a component. */
export type LossOf = (route: Route, result: Result) => LossCause | undefined

/** A Function that is not known has no component that is known to deliver again. */
export function createLosses(context: FuncContext | undefined): LossOf {
  const inputs = Object.values(context?.inputs ?? {})
  const types = new Map(inputs.map(({ componentName, componentType }) => [componentName, componentType]))

  // daprd publishes what failed to another topic, and acknowledges it then.
  const deadLettered = new Set(
    inputs
      .filter(({ metadata }) => metadata?.deadLetterTopic)
      .map(({ componentName, uri }) => `${componentName}/${uri}`),
  )

  return ({ kind, name, pubsub }, result) => {
    if (kind === 'invoke') return undefined
    const cause = causeOf(result)
    if (cause === undefined || cause === 'no-such-route') return cause
    const type = types.get(pubsub ?? name) ?? ''
    if (redelivering.has(type) || deadLettered.has(name)) return undefined
    // The sender's own time is over. A component that set it keeps the event (redis.go, processMessage), a retry policy that
    // set it goes on, and a daprd that has gone leaves the event with the broker. A tick comes from no broker.
    const isOver = result === 'cancelled' || result === 'deadline'
    return isOver && type !== cron ? undefined : cause
  }
}

function causeOf(result: Result): LossCause | undefined {
  switch (result) {
    case 'success':
    case 'drop':
      return undefined
    case 'missing-route':
      return 'no-such-route'
    case 'failed':
    case 'retry':
      return 'failed'
    default:
      return 'undelivered'
  }
}

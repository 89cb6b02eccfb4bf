// What each broker does with an event that the function could not take: the one table (docs/delivery.md says it in words).
// Sources: components-contrib, each component's own file, 1.18 line; daprd itself retries nothing by default.

import type { Metadata } from './metadata.ts'

export interface Broker {
  /** Metadata that an inline component gets where the user does not say it. */
  readonly defaults?: readonly (readonly [name: string, value: string])[]
  /** The metadata that says how many events daprd may take at a time. It gets what all replicas can handle. */
  readonly capacity?: readonly string[]
  /** How long the broker waits for an answer before it gives the event to another worker, in milliseconds. */
  readonly patienceMs?: (metadata: Metadata) => number
  /** Why an event can be lost, and what to do; undefined where it cannot. */
  readonly loses: (metadata: Metadata) => string | undefined
  /** Why more replicas do not handle more events, whatever the capacity. */
  readonly cap?: string
}

const safe = (): undefined => undefined

/** Milliseconds. Redis' defaults in its code; its documentation has them the other way round. */
const redisPatienceMs = 60_000
const redisRedeliverMs = 15_000

export const brokers: Readonly<Record<string, Broker>> = {
  // From 1.17 on a failed event is acknowledged, unless the time given to its delivery is over by then. So retries last longer than that.
  'pubsub.redis': {
    defaults: [
      ['processingTimeout', String(redisPatienceMs)],
      ['redeliverInterval', String(redisRedeliverMs)],
    ],
    capacity: ['concurrency', 'queueDepth'],
    patienceMs: (metadata) => metadata.durationMs('processingTimeout', redisPatienceMs) || redisPatienceMs,
    loses: (metadata) => {
      const isOff = ['processingTimeout', 'redeliverInterval'].find((name) => metadata.durationMs(name, 1) === 0)
      return (
        isOff &&
        `${isOff} is 0, so Redis never delivers again; set processingTimeout to 60000, redeliverInterval to 15000`
      )
    },
  },
  'pubsub.rabbitmq': {
    defaults: [['requeueInFailure', 'true']],
    capacity: ['prefetchCount'],
    loses: (metadata) => {
      if (metadata.flag('autoAck', false))
        return 'autoAck acknowledges before the function has the event; set it to false'
      const isKept = metadata.flag('requeueInFailure', false) || metadata.flag('enableDeadLetter', false)
      return isKept ? undefined : 'a failed event is discarded; set requeueInFailure or enableDeadLetter to true'
    },
  },
  'bindings.rabbitmq': {
    capacity: ['prefetchCount'],
    loses: safe,
    cap: 'one event at a time; use pubsub.rabbitmq for more',
  },
  'pubsub.kafka': {
    loses: (metadata) =>
      metadata.flag('consumeRetryEnabled', true) ? undefined : 'consumeRetryEnabled is false; set it to true',
    cap: 'one event at a time for each partition',
  },
  'bindings.kafka': {
    defaults: [['consumeRetryEnabled', 'true']],
    loses: (metadata) =>
      metadata.flag('consumeRetryEnabled', false)
        ? undefined
        : 'the next event that succeeds passes over a failed one; set consumeRetryEnabled to true',
    cap: 'one event at a time for each partition',
  },
  'pubsub.jetstream': {
    defaults: [['ackWait', '60s']],
    capacity: ['maxAckPending'],
    patienceMs: (metadata) => metadata.durationMs('ackWait', 30_000),
    loses: (metadata) =>
      metadata.has('durableName') || metadata.has('queueGroupName')
        ? undefined
        : 'without durableName what comes while daprd is away is forgotten; set durableName',
  },
  'pubsub.mqtt3': { loses: mqttLoses },
  'bindings.mqtt3': { loses: mqttLoses },
  'bindings.cron': { loses: () => 'a tick that still fails after its retries is gone; let the next tick catch up' },
  'pubsub.in-memory': { loses: () => 'events live in the memory of daprd; use a broker' },
  'pubsub.gcp.pubsub': { loses: safe },
  'pubsub.pulsar': { loses: safe },
  'pubsub.azure.servicebus.topics': { loses: safe },
  'pubsub.azure.servicebus.queues': { loses: safe },
  'bindings.aws.sqs': { loses: safe },
  'bindings.azure.storagequeues': { loses: safe },
  'bindings.azure.servicebusqueues': { loses: safe },
  'bindings.gcp.pubsub': { loses: safe },
  'bindings.kubemq': { loses: safe },
  'bindings.rocketmq': { loses: safe },
  'bindings.azure.eventgrid': { loses: safe },
  'bindings.zeebe.jobworker': { loses: safe },
  'bindings.aws.kinesis': { loses: passedOver },
  'bindings.azure.eventhubs': { loses: passedOver },
  'bindings.kubernetes': { loses: passedOver },
  'bindings.rethinkdb.statechange': { loses: passedOver },
}

/** The broker gives an event that was not acknowledged again only to a session that comes back. */
function mqttLoses(metadata: Metadata): string | undefined {
  if (metadata.text('qos') === '0') return 'qos 0 has no acknowledgement; set qos to 1'
  return metadata.flag('cleanSession', false)
    ? 'cleanSession forgets events of a lost connection; set it to false'
    : undefined
}

function passedOver(): string {
  return 'the component passes over an event that still fails after its retries; write such events elsewhere in the function'
}

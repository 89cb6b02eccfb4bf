import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { describeFunction, type FunctionObject } from '../function.ts'
import { inputComponents } from '../inputs.ts'
import { defaultSettings } from '../settings.ts'
import { brokers } from './brokers.ts'
import { deliveryMs, guarantees, holdMs, withDelivery } from './delivery.ts'
import { durationMs } from './metadata.ts'

type Metadata = Readonly<Record<string, string>>

function functionWith(type: string, metadata: Metadata = {}, serving: object = {}) {
  const family = type.startsWith('pubsub') ? 'pubsub' : 'bindings'
  const component = {
    type,
    version: 'v1',
    metadata: Object.entries(metadata).map(([name, value]) => ({ name, value })),
  }
  const object = {
    metadata: { name: 'f', namespace: 'n' },
    spec: {
      image: 'i',
      serving: {
        runtime: 'async',
        inputs: [{ name: 'in', component: 'c', topic: 't' }],
        [family]: { c: component },
        ...serving,
      },
    },
  }
  return { fn: describeFunction(object as unknown as FunctionObject), component, name: `f.${family}.c` }
}

function completed(type: string, metadata: Metadata = {}, serving: object = {}): Record<string, unknown> {
  const { fn, component, name } = functionWith(type, metadata, serving)
  const isInput = inputComponents(fn, {}).some((input) => input.name === name)
  return Object.fromEntries(
    withDelivery(fn, component, isInput, defaultSettings).map((item) => [item.name, item.value]),
  )
}

const judged = (type: string, metadata: Metadata = {}) => guarantees(functionWith(type, metadata).fn, {}, true)[0]

describe('an inline component is told', () => {
  test('Redis: both times, and to take what all replicas can handle', () => {
    expect(completed('pubsub.redis', {}, { scaleOptions: { maxReplicas: 3 } })).toEqual({
      processingTimeout: '60000',
      redeliverInterval: '15000',
      concurrency: '30',
      queueDepth: '30',
    })
  })

  test('nothing that the user said, in whatever case', () => {
    expect(completed('pubsub.redis', { ProcessingTimeout: '5000', concurrency: '1', redeliverInterval: '1s' })).toEqual(
      {
        ProcessingTimeout: '5000',
        concurrency: '1',
        redeliverInterval: '1s',
        queueDepth: '10',
      },
    )
  })

  test('no capacity in sidecar mode, where each replica has a daprd', () => {
    const annotations = { 'openfunction.io/dapr-service-mode': 'sidecar' }

    expect(completed('pubsub.rabbitmq', {}, { annotations })).toEqual({ requeueInFailure: 'true' })
    expect(completed('pubsub.rabbitmq')).toEqual({ requeueInFailure: 'true', prefetchCount: '10' })
  })

  test('nothing where nothing is known', () => {
    expect(completed('pubsub.nats')).toEqual({})
    expect(completed('bindings.toString')).toEqual({})
  })
})

describe('what a broker does with a failed event', () => {
  test.each<[string, Metadata, string, RegExp?]>([
    ['pubsub.redis', {}, 'at least once'],
    ['pubsub.redis', { processingTimeout: '0' }, 'lossy', /processingTimeout is 0/],
    ['pubsub.rabbitmq', {}, 'at least once'],
    ['pubsub.rabbitmq', { requeueInFailure: 'true' }, 'at least once'],
    ['pubsub.rabbitmq', { requeueInFailure: 'false' }, 'lossy', /discarded/],
    ['pubsub.rabbitmq', { enableDeadLetter: 'true' }, 'at least once'],
    ['pubsub.rabbitmq', { autoAck: 'true', requeueInFailure: 'true' }, 'lossy', /autoAck/],
    ['bindings.rabbitmq', {}, 'at least once', /one event at a time/],
    ['pubsub.kafka', {}, 'at least once', /partition/],
    ['pubsub.kafka', { consumeRetryEnabled: 'false' }, 'lossy'],
    ['bindings.kafka', {}, 'at least once'],
    ['bindings.kafka', { consumeRetryEnabled: 'no' }, 'lossy', /passes over/],
    ['pubsub.jetstream', { durableName: 'd' }, 'at least once'],
    ['pubsub.jetstream', {}, 'lossy', /durableName/],
    ['pubsub.mqtt3', {}, 'at least once'],
    ['pubsub.mqtt3', { qos: '0' }, 'lossy', /qos/],
    ['bindings.mqtt3', { cleanSession: 'true' }, 'lossy', /cleanSession/],
    ['bindings.cron', {}, 'lossy', /tick/],
    ['pubsub.nats', {}, 'unknown', /nothing is known of pubsub.nats/],
  ])('%s %j: %s', (type, metadata, kind, why) => {
    expect(judged(type, metadata)).toMatchObject({ field: 'spec.serving.inputs[0]', kind })
    if (why) expect(judged(type, metadata)?.why).toMatch(why)
  })

  test('Redis without a Resiliency loses what failed', () => {
    expect(guarantees(functionWith('pubsub.redis').fn, {}, false)[0]?.kind).toBe('lossy')
  })
})

describe('times', () => {
  const times = (type: string, metadata: Metadata = {}) => {
    const { fn } = functionWith(type, metadata)
    return inputComponents(fn, {}).map((input) => [deliveryMs(input), holdMs(fn, {})])[0]
  }

  test('attempts outlast the patience of the broker, a held event does not', () => {
    expect(times('pubsub.redis')).toEqual([65_000, 30_000])
    expect(times('pubsub.redis', { processingTimeout: '8s' })).toEqual([13_000, 8000])
    expect(times('pubsub.jetstream', { ackWait: '1m30s' })).toEqual([95_000, 30_000])
    expect(times('bindings.cron')).toEqual([65_000, 30_000])
  })

  test.each([
    ['250', 250],
    ['1m30s', 90_000],
    ['1.5s', 1500],
    ['', undefined],
    ['5 s', undefined],
  ])('%j is %s ms', (text, ms) => expect(durationMs(text)).toBe(ms))
})

test('docs/delivery.md has a row for each broker, and no other', () => {
  const page = readFileSync(new URL('../../../docs/delivery.md', import.meta.url), 'utf8')
  const rows = [...page.matchAll(/^\| `([a-z0-9.-]+)`/gm)].map(([, type]) => type)

  expect(rows.toSorted()).toEqual(Object.keys(brokers).toSorted())
})

import { describe, expect, test } from 'vitest'
import { bindingsMeet, brokerKey, componentOf, undeclaredComponents } from './component.ts'

const component = (type: string, metadata: Record<string, string>, name = 'any') => ({
  name,
  type,
  version: 'v1',
  metadata,
})

test('componentOf reads values of any type, and a reference to a Secret as the reference', () => {
  const child = {
    apiVersion: 'dapr.io/v1alpha1',
    kind: 'Component',
    metadata: { name: 'f.pubsub.bus' },
    spec: {
      type: 'pubsub.redis',
      version: 'v1',
      metadata: [
        { name: 'redisHost', value: 'redis:6379' },
        { name: 'redisDB', value: 3 },
        { name: 'redisPassword', secretKeyRef: { name: 'redis', key: 'password' } },
      ],
    },
  }

  expect(componentOf(child)).toEqual({
    name: 'f.pubsub.bus',
    type: 'pubsub.redis',
    version: 'v1',
    metadata: { redisHost: 'redis:6379', redisDB: '3', redisPassword: '{"name":"redis","key":"password"}' },
  })
})

test('undeclaredComponents are those of FUNC_CONTEXT that no child declares', () => {
  const io = (componentName: string) => ({ componentName, componentType: 'pubsub', uri: 't' })
  const context = { name: 'f', version: '', runtime: 'Async', port: '8080' } as const
  const outputs = { a: io('shared'), b: io('shared'), c: io('own') }

  const found = undeclaredComponents({ ...context, outputs }, [component('pubsub.redis', {}, 'own')])

  expect(found.map(({ name }) => name)).toEqual(['shared'])
})

describe('brokerKey', () => {
  const redis = component('pubsub.redis', { redisHost: 'a', redisDB: '0' }, 'one')

  test('is one for what points at one broker, whatever it is called and whoever reads', () => {
    const same = component('pubsub.redis', { redisDB: '0', consumerID: 'x', redisHost: 'a' }, 'two')
    expect(brokerKey(same)).toBe(brokerKey(redis))
  })

  test.each([
    component('pubsub.redis', { redisHost: 'b', redisDB: '0' }),
    component('pubsub.kafka', { redisHost: 'a', redisDB: '0' }),
    { ...redis, undeclared: true as const },
  ])('differs where the broker does', (other) => {
    expect(brokerKey(other)).not.toBe(brokerKey(redis))
  })
})

describe('bindingsMeet', () => {
  const output = component('bindings.kafka', { brokers: 'k', publishTopic: 't' })

  test.each([
    [component('bindings.kafka', { brokers: 'k', topics: 't', consumerGroup: 'g' }), true],
    [component('bindings.kafka', { brokers: 'other', topics: 't' }), false],
    [component('bindings.mqtt3', { brokers: 'k' }), false],
    [{ ...output, name: 'another', undeclared: true as const }, false],
  ])('by type and what they say of the queue', (input, expected) => {
    expect(bindingsMeet(output, input)).toBe(expected)
  })
})

import { expect, test } from 'vitest'
import { inputsOf } from '../inputs.ts'
import { localAnswer } from './questions.ts'

test('a topic is subscribed to with its dead-letter topic, if it has one', () => {
  const component = { componentName: 'bus', componentType: 'pubsub.redis' }
  const inputs = inputsOf({
    name: 'f',
    version: '',
    runtime: 'Async',
    port: '80',
    inputs: {
      a: { ...component, uri: 'orders', metadata: { deadLetterTopic: 'orders-failed' } },
      b: { ...component, uri: 'returns' },
    },
  })
  const reply = localAnswer({ inputs, isHealthy: () => true }, 'GET', '/dapr/subscribe')

  expect(JSON.parse(String(reply?.body))).toEqual([
    { pubsubname: 'bus', topic: 'orders', route: '/orders', deadLetterTopic: 'orders-failed' },
    { pubsubname: 'bus', topic: 'returns', route: '/returns' },
  ])
})

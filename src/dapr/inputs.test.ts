import { expect, test } from 'vitest'
import { parseFuncContext } from '../shared/func-context.ts'
import { inputsOf, topicPath } from './inputs.ts'

function inputs(components: Record<string, [type: string, name: string, uri?: string]>) {
  const entries = Object.entries(components).map(([key, [componentType, componentName, uri]]) => [
    key,
    { componentType, componentName, ...(uri && { uri }) },
  ])
  const result = parseFuncContext(JSON.stringify({ name: 'f', runtime: 'Async', inputs: Object.fromEntries(entries) }))
  if ('problems' in result) throw new Error(JSON.stringify(result.problems))
  return inputsOf(result.context)
}

test('a topic is posted to its own name, a binding to that of its component', () => {
  const { topics, bindings } = inputs({ a: ['pubsub.redis', 'bus', 'orders'], b: ['bindings.cron', 'tick', 'my-tick'] })

  expect(topics).toMatchObject([{ pubsub: 'bus', topic: 'orders', path: '/orders' }])
  expect(bindings).toMatchObject([{ component: 'tick', path: '/tick' }])
})

test('topics of one name on two brokers, and a binding named like a topic, have paths of their own', () => {
  const { topics, bindings } = inputs({
    a: ['pubsub.redis', 'one', 'orders'],
    b: ['pubsub.kafka', 'two', 'orders'],
    c: ['bindings.cron', 'orders'],
  })

  const paths = [...topics, ...bindings].map(({ path }) => path)
  expect(paths.toSorted()).toEqual(['/one/orders', '/orders', '/two/orders'])
})

test('one topic is subscribed to once, one binding is read once', () => {
  const { topics, bindings } = inputs({
    a: ['pubsub.redis', 'bus', 'orders'],
    b: ['pubsub.redis', 'bus', 'orders'],
    c: ['bindings.cron', 'tick'],
    d: ['bindings.cron', 'tick'],
  })

  expect([topics.length, bindings.length]).toEqual([1, 1])
})

test('a topic with characters of its own is safe in a path', () => {
  expect(topicPath('a b/c?#')).toBe('/a%20b/c%3F%23')
})

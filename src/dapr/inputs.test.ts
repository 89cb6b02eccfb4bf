import { posix } from 'node:path'
import fc from 'fast-check'
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

test('what daprd says of jobs, configuration and actors is never taken for a topic', () => {
  const { topics } = inputs({
    a: ['pubsub.redis', 'bus', 'job/daily'],
    b: ['pubsub.redis', 'bus', 'actors/T/1'],
    c: ['pubsub.redis', 'bus', 'configuration/store'],
    d: ['pubsub.redis', 'bus', 'jobs'],
  })

  const paths = topics.map(({ path }) => path)
  expect(paths).toEqual(['/bus/job/daily', '/bus/actors/T/1', '/bus/configuration/store', '/jobs'])
})

test('the path of a topic is as daprd cleans it: that is how its events arrive', () => {
  const part = fc.oneof(fc.constantFrom('', '.', '..', '...', 'a', ' ', '%2e'), fc.string({ unit: 'binary' }))
  fc.assert(
    fc.property(fc.array(part, { maxLength: 5 }), (parts) => {
      const path = topicPath(parts.join('/'))
      // Go's path.Clean, which leaves no slash at the end.
      expect(posix.normalize(path)).toBe(path)
      expect(path === '/' || !path.endsWith('/')).toBe(true)
    }),
  )
})

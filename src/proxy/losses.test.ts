import { describe, expect, test } from 'vitest'
import type { Route } from '../dapr/event.ts'
import type { FuncContext } from '../shared/func-context.ts'
import { createLosses } from './losses.ts'
import { isDone, results } from './result.ts'

const input = (componentType: string) => {
  const isTopic = componentType.startsWith('pubsub')
  const context: FuncContext = {
    name: 'f',
    version: '',
    runtime: 'Async',
    port: '8080',
    inputs: { in: { componentName: 'c', componentType, ...(isTopic && { uri: 't' }) } },
  }
  const route: Route = isTopic
    ? { kind: 'topic', name: 'c/t', pubsub: 'c', topic: 't' }
    : { kind: 'binding', name: 'c' }
  return { context, route }
}

const lossesOf = (componentType: string) => {
  const { context, route } = input(componentType)
  const lossOf = createLosses(context)
  return Object.fromEntries(results.map((result) => [result, lossOf(route, result)]))
}

describe('an event that came to nothing', () => {
  test.each(['pubsub.redis', 'pubsub.in-memory', 'pubsub.rabbitmq', 'bindings.kafka', 'pubsub.of.somebody'])(
    'is lost by %s',
    (type) => {
      expect(lossesOf(type)).toEqual({
        success: undefined,
        drop: undefined,
        retry: 'failed',
        failed: 'failed',
        'missing-route': 'no-such-route',
        broken: 'undelivered',
        'not-run': 'undelivered',
        'no-replica': 'undelivered',
        'held-full': 'undelivered',
        'too-large': 'undelivered',
        'no-token': 'undelivered',
        // The sender's own time is over: whoever set it delivers again.
        deadline: undefined,
        cancelled: undefined,
      })
    },
  )

  test('is not lost where the topic has a dead-letter topic, except for what daprd drops at once', () => {
    const { context, route } = input('pubsub.redis')
    const component = { ...context.inputs?.in, metadata: { deadLetterTopic: 'dead' } }
    const lossOf = createLosses({ ...context, inputs: { in: component } } as FuncContext)
    const lost = results.filter((result) => lossOf(route, result) !== undefined)

    expect(lost).toEqual(['missing-route'])
    expect(lossOf({ ...route, name: 'c/another' }, 'failed')).toBe('failed')
  })

  test('is lost by a cron binding whatever came of the tick', () => {
    const losses = lossesOf('bindings.cron')

    for (const result of results) expect(losses[result] !== undefined, result).toBe(!isDone(result))
  })

  test.each(['pubsub.kafka', 'pubsub.jetstream', 'bindings.rabbitmq'])('is delivered again by %s', (type) => {
    const { 'missing-route': missing, ...others } = lossesOf(type)

    // daprd acknowledges before the component has a say.
    expect(missing).toBe('no-such-route')
    expect(Object.values(others).filter(Boolean)).toEqual([])
  })

  test('is never lost by who invokes a service: it hears the error', () => {
    const lossOf = createLosses(undefined)

    expect(results.filter((result) => lossOf({ kind: 'invoke', name: '' }, result))).toEqual([])
  })

  test('is taken for lost where the Function does not declare the topic', () => {
    expect(createLosses(input('pubsub.kafka').context)({ kind: 'topic', name: '' }, 'failed')).toBe('failed')
  })
})

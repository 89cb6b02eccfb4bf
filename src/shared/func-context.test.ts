import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type FuncContext, parseFuncContext, serializeFuncContext } from './func-context.ts'

const name = fc.stringMatching(/^[a-z][a-z0-9.-]{0,12}$/)
const component = fc.record(
  {
    uri: name,
    componentName: name,
    componentType: fc.constantFrom('pubsub.redis', 'bindings.cron'),
    metadata: fc.dictionary(name, name),
    operation: name,
  },
  { requiredKeys: ['uri', 'componentName', 'componentType'] },
)
const context = fc.record(
  {
    name,
    version: name,
    requestID: name,
    runtime: fc.constantFrom('Async' as const, 'Knative' as const),
    port: fc.integer({ min: 1, max: 65535 }).map(String),
    inputs: fc.dictionary(name, component),
    outputs: fc.dictionary(name, component),
    states: fc.dictionary(name, fc.record({ componentName: name, componentType: name })),
    prePlugins: fc.array(name),
    postPlugins: fc.array(name),
    pluginsTracing: fc.record({ enabled: fc.boolean() }),
  },
  { requiredKeys: ['name', 'version', 'runtime', 'port'] },
)

describe('FUNC_CONTEXT', () => {
  test('what is written is what is read', () => {
    fc.assert(
      fc.property(context, (written) => {
        const result = parseFuncContext(serializeFuncContext(written as FuncContext))
        expect('context' in result && result.context).toEqual(written)
      }),
    )
  })

  test('one context has one text, whatever the order of its keys', () => {
    const forward = { name: 'f', version: 'v', runtime: 'Async', port: '80', states: { a: {}, b: {} } }
    const backward = { states: { b: {}, a: {} }, port: '80', runtime: 'Async', version: 'v', name: 'f' }

    expect(serializeFuncContext(forward as never)).toBe(serializeFuncContext(backward as never))
  })

  test('never throws, whatever it is given', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        const result = parseFuncContext(text)
        expect('context' in result || result.problems.length > 0).toBe(true)
      }),
    )
  })

  test('accepts what other writers do: a number as port, a runtime in lower case, keys it does not know', () => {
    const result = parseFuncContext('{"name":"f","runtime":"async","port":80,"state":{},"httpPattern":"/"}')

    expect(result).toEqual({ context: { name: 'f', version: '', runtime: 'Async', port: '80' } })
  })

  test('keeps a key such as __proto__ as data', () => {
    const text =
      '{"name":"f","runtime":"async","inputs":{"__proto__":{"componentName":"c","componentType":"bindings.cron"}}}'
    const result = parseFuncContext(text)

    expect('context' in result && Object.keys(result.context.inputs ?? {})).toEqual(['__proto__'])
    expect(({} as Record<string, unknown>).componentName).toBeUndefined()
  })

  test('names the field of each problem', () => {
    const text = '{"name":1,"runtime":"x","inputs":{"a":{"componentType":"pubsub.redis"}},"states":[],"prePlugins":"p"}'
    const result = parseFuncContext(text)

    expect('problems' in result && result.problems.map(({ field }) => field).toSorted()).toEqual([
      'inputs.a.componentName',
      'inputs.a.uri',
      'name',
      'prePlugins',
      'runtime',
      'states',
    ])
  })
})

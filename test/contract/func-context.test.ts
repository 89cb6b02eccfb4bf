// FUNC_CONTEXT in the words of its JSON Schemas (docs/): the controller writes nothing else, and proxy and framework read all of it.

import { readdirSync, readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { acceptFunction } from '../../src/controller/accept.ts'
import { renderChildren } from '../../src/controller/render.ts'
import { compileShape } from '../../src/controller/rules/schema.ts'
import { defaultSettings as settings } from '../../src/controller/settings.ts'
import { parseConfig } from '../../src/framework/config.ts'
import { parseProxyConfig } from '../../src/proxy/config.ts'
import { parseFuncContext } from '../../src/shared/func-context.ts'
import type { KubeObject } from '../../src/shared/k8s.ts'
import { funcContext } from '../support/func-context.ts'
import { validParent } from '../support/functions.ts'

const root = new URL('../../', import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8')
const ajv = new Ajv({ allErrors: true, strictTypes: false })
const schemas = {
  FUNC_CONTEXT: ajv.compile(JSON.parse(read('docs/func-context.schema.json'))),
  FUNC_CONTEXT_V1BETA2: ajv.compile(JSON.parse(read('docs/func-context-v1beta2.schema.json'))),
}
const checkShape = compileShape(read('metacontroller/crd/functions.yaml'))

type Variable = keyof typeof schemas
interface Written {
  readonly variable: Variable
  readonly text: string
}

/** What the containers of ours say in either variable; those that the user adds may say what they like. */
function written(value: unknown): Written[] {
  if (typeof value !== 'object' || value === null) return []
  const { name = '', env } = value as { name?: string; env?: readonly { name: string; value?: string }[] }
  if (!['function', 'dapr-proxy'].includes(name) || !Array.isArray(env)) return Object.values(value).flatMap(written)
  const ours = env.filter((variable) => Object.hasOwn(schemas, variable.name))
  return ours.map((variable) => ({ variable: variable.name as Variable, text: String(variable.value) }))
}

function complaints({ variable, text }: Written): unknown[] {
  const validate = schemas[variable]
  return validate(JSON.parse(text)) ? [] : [variable, text, ...(validate.errors ?? [])]
}

describe('the controller writes', () => {
  const folder = new URL('test/golden/', root)
  const goldens = readdirSync(folder).filter((file) => file.endsWith('.out.yaml'))
  const children = goldens.flatMap((file) =>
    parseAllDocuments(read(`test/golden/${file}`)).map((document) => document.toJS() as KubeObject),
  )

  test('in every golden reply what the schemas say', () => {
    const contexts = written(children)

    expect(contexts.flatMap(complaints)).toEqual([])
    for (const variable of Object.keys(schemas)) {
      expect(contexts.filter((each) => each.variable === variable).length).toBeGreaterThan(30)
    }
  })

  test('of any Function what the schemas say, and proxy and framework read it', () => {
    fc.assert(
      fc.property(validParent, (parent) => {
        const verdict = acceptFunction(parent as unknown as KubeObject, { settings, checkShape })
        if (verdict.kind === 'rejected') throw new Error(JSON.stringify(verdict.problems))
        const contexts = written(JSON.parse(JSON.stringify(renderChildren(verdict.fn, settings))))

        expect(contexts.flatMap(complaints)).toEqual([])
        for (const { variable, text } of contexts) {
          if (variable === 'FUNC_CONTEXT') expect(readers(text)).toEqual(['proxy', 'framework'])
        }
      }),
    )
  })
})

/** Who takes this FUNC_CONTEXT. */
function readers(text: string): string[] {
  const env = { FUNC_CONTEXT: text, PROXY_DISCOVERY: 'static:127.0.0.1:1' }
  const all = [
    ['proxy', () => parseProxyConfig(env)],
    ['framework', () => parseConfig(env, '/')],
  ] as const
  return all.filter(([, parse]) => doesNotThrow(parse)).map(([name]) => name)
}

function doesNotThrow(run: () => unknown): boolean {
  try {
    run()
    return true
  } catch {
    return false
  }
}

describe('proxy and framework take what the schema takes, and refuse what it refuses', () => {
  const good = JSON.parse(funcContext)
  const input = good.inputs.orders
  const changed = (change: object) => ({ ...good, ...change })
  const changedInput = (change: object) => changed({ inputs: { orders: { ...input, ...change } } })
  const output = { componentName: 'bus', componentType: 'bindings.http', operation: 'create', metadata: { a: 'b' } }

  test.each([
    ['one of an async function', good, true],
    ['one with all that there is', changed({ requestID: 'x', outputs: { out: output }, prePlugins: ['a'] }), true],
    ['one without a name', changed({ name: undefined }), false],
    ['an empty name', changed({ name: '' }), false],
    ['a runtime of neither kind', changed({ runtime: 'Sync' }), false],
    ['port 0', changed({ port: '0' }), false],
    ['port 65536', changed({ port: '65536' }), false],
    ['a list of inputs', changed({ inputs: [] }), false],
    ['an input that is no object', changed({ inputs: { orders: 'bus' } }), false],
    ['an input without a component', changedInput({ componentName: undefined }), false],
    ['an input without a type', changedInput({ componentType: undefined }), false],
    ['an input of a store', changedInput({ componentType: 'state.redis' }), false],
    ['a topic without its name', changedInput({ uri: undefined }), false],
    ['a store without a component', changed({ states: { cart: { componentType: 'state.redis' } } }), false],
    ['plugins that are no list', changed({ prePlugins: 'a' }), false],
  ])('%s', (_, context, isRight) => {
    const text = JSON.stringify(context)

    expect(schemas.FUNC_CONTEXT(JSON.parse(text))).toBe(isRight)
    expect('context' in parseFuncContext(text)).toBe(isRight)
    expect(readers(text)).toEqual(isRight ? ['proxy', 'framework'] : [])
  })

  test('two things are read more freely than they are written: the port as a number, the runtime in any case', () => {
    for (const change of [{ port: 8080 }, { runtime: 'async' }]) {
      expect(schemas.FUNC_CONTEXT(changed(change))).toBe(false)
      expect(readers(JSON.stringify(changed(change)))).toEqual(['proxy', 'framework'])
    }
  })
})

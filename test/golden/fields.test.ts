// docs/function-fields.md is made of the schema of the CRD: every field, and what it does. `vitest -u` rewrites it.

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { parse } from 'yaml'

interface Schema {
  readonly type?: string
  readonly enum?: readonly string[]
  readonly description?: string
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly additionalProperties?: Schema
}

const root = new URL('../../', import.meta.url)
const definition = parse(readFileSync(new URL('metacontroller/crd/functions.yaml', root), 'utf8'))
const spec: Schema = definition.spec.versions[0].schema.openAPIV3Schema.properties.spec

interface Row {
  readonly path: string
  readonly schema: Schema
  readonly isRequired: boolean
}

function rows(path: string, { properties = {}, required = [], items, additionalProperties }: Schema): Row[] {
  const own = Object.entries(properties).flatMap(([name, schema]) => {
    const inner = `${path}.${name}`
    return [{ path: inner, schema, isRequired: required.includes(name) }, ...rows(inner, schema)]
  })
  return [
    ...own,
    ...(items ? rows(`${path}[]`, items) : []),
    ...(additionalProperties ? rows(`${path}.*`, additionalProperties) : []),
  ]
}

const all = rows('spec', spec)
const typeOf = ({ type = 'any', enum: words }: Schema): string => words?.join(' or ') ?? type

test('every field says what it does', () => {
  expect(all.filter(({ schema }) => !schema.description).map(({ path }) => path)).toEqual([])
})

test('docs/function-fields.md is made of them', async () => {
  const lines = all.map(({ path, schema, isRequired }) => {
    return `| \`${path}\` | ${typeOf(schema)}${isRequired ? ', required' : ''} | ${schema.description} |`
  })
  const page = [
    '# Every field of a Function',
    '',
    'What `core.openfunction.io/v1beta1` may say, and what we make of it. A field without effect is never passed over in silence: the condition',
    '`Complete` names it. This page is made of the schema in `metacontroller/crd/functions.yaml` (`make golden`).',
    '',
    '| field | type | what it does |',
    '|---|---|---|',
    ...lines,
    '',
  ]

  await expect(page.join('\n')).toMatchFileSnapshot(fileURLToPath(new URL('docs/function-fields.md', root)))
})

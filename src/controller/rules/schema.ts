// The shape of a Function, checked against the schema of its CustomResourceDefinition: one schema for cluster and webhook.

import { Ajv, type ErrorObject } from 'ajv'
import { parse } from 'yaml'
import type { Problem } from '../../shared/func-context.ts'
import { functionApiVersion } from '../function.ts'

/** All problems of an object's shape; none if it may be read as a FunctionObject. */
export type CheckShape = (object: unknown) => Problem[]

interface Schema {
  readonly type?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly additionalProperties?: Schema | boolean
  readonly [keyword: string]: unknown
}

interface Definition {
  readonly spec: {
    readonly versions: readonly { readonly name: string; readonly schema: { openAPIV3Schema: Schema } }[]
  }
}

// The API server checks metadata itself and allows no schema of it in a CRD; files and hand-made requests are not checked.
const textMap: Schema = { type: 'object', additionalProperties: { type: 'string' } }
const metadata: Schema = {
  type: 'object',
  required: ['name'],
  properties: {
    name: { type: 'string' },
    namespace: { type: 'string' },
    generation: { type: 'integer' },
    labels: textMap,
    annotations: textMap,
  },
}

/**
 * Compiles the schema of the CRD that is given as YAML text. An API server drops fields that the schema does not know;
 * `refuse` reports them instead, for files that no API server has seen.
 */
export function compileShape(crd: string, unknownFields: 'ignore' | 'refuse' = 'ignore'): CheckShape {
  const version = functionApiVersion.split('/')[1]
  const found = (parse(crd) as Definition).spec.versions.find(({ name }) => name === version)
  if (!found) throw new Error(`the CustomResourceDefinition has no version ${version}`)
  const schema = unknownFields === 'refuse' ? closed(found.schema.openAPIV3Schema) : found.schema.openAPIV3Schema
  const whole: Schema = {
    ...schema,
    required: ['apiVersion', 'kind', 'metadata', 'spec'],
    properties: { ...schema.properties, status: {}, metadata },
  }
  // x-kubernetes-… keywords are the API server's; int32 and int64 are ranges that our own minimum and maximum narrow.
  const ajv = new Ajv({ allErrors: true, strict: false, validateFormats: false })
  const validate = ajv.compile(whole)
  return (object) => (validate(object) ? [] : (validate.errors ?? []).map(problem))
}

function closed(schema: Schema): Schema {
  const { properties, items, additionalProperties: rest } = schema
  const isOpen = schema['x-kubernetes-preserve-unknown-fields'] === true
  return {
    ...schema,
    ...(properties && { properties: mapValues(properties, closed) }),
    ...(properties && !isOpen && { additionalProperties: false }),
    ...(items && { items: closed(items) }),
    ...(typeof rest === 'object' && { additionalProperties: closed(rest) }),
  }
}

const mapValues = (map: Readonly<Record<string, Schema>>, change: (schema: Schema) => Schema) =>
  Object.fromEntries(Object.entries(map).map(([key, schema]) => [key, change(schema)]))

function problem({ instancePath, keyword, params, message }: ErrorObject): Problem {
  const field = fieldName(instancePath)
  const inner = (name: string) => (field === '' ? name : `${field}.${name}`)
  switch (keyword) {
    case 'required':
      return { field: inner(params.missingProperty), message: 'is missing; add it' }
    case 'additionalProperties':
      return {
        field: inner(params.additionalProperty),
        message: 'is not a field of a Function; mend its name or remove it',
      }
    case 'type':
      return { field, message: `must be ${article[params.type] ?? params.type}` }
    case 'enum':
      return { field, message: `must be one of ${params.allowedValues.join(', ')}` }
    case 'minLength':
      return { field, message: 'is empty; give a value' }
    case 'minimum':
    case 'maximum':
      return { field, message: `must be ${keyword === 'minimum' ? 'at least' : 'at most'} ${params.limit}` }
    default:
      return { field, message: message ?? 'is not valid' }
  }
}

const article: Readonly<Record<string, string>> = {
  string: 'a string; put it in quotes if it looks like a number or a boolean',
  integer: 'a whole number',
  boolean: 'true or false',
  object: 'a map',
  array: 'a list',
}

/** `/spec/serving/inputs/0/component` → `spec.serving.inputs[0].component`; a key with a dot goes in brackets. */
function fieldName(pointer: string): string {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((part, index) => (/^\d+$|[./]/.test(part) ? `[${part}]` : index === 0 ? part : `.${part}`))
    .join('')
}

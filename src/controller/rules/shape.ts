// What a value must look like, put together from small pieces. Each piece says what is wrong with a value, and where.

import type { Problem } from '../../shared/func-context.ts'

/** `field` is where the value stands: `spec.serving.template.containers[0]`. */
export type Shape = (value: unknown, field: string) => Problem[]

export const ofType =
  (isRight: (value: unknown) => boolean, wanted: string): Shape =>
  (value, field) =>
    isRight(value) ? [] : [{ field, message: `must be ${wanted}` }]

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const anything: Shape = () => []
export const text = ofType((value) => typeof value === 'string', 'a string')
export const whole = ofType(Number.isSafeInteger, 'a whole number')
export const flag = ofType((value) => typeof value === 'boolean', 'true or false')
const map = ofType(isMap, 'a map')
const list = ofType(Array.isArray, 'a list')

/** Empty text is no value: it is left out of a child. */
export const oneOf = (...choices: readonly string[]): Shape =>
  ofType((value) => value === '' || choices.includes(value as string), `one of ${choices.join(', ')}`)

export const only =
  (allowed: string | boolean): Shape =>
  (value, field) =>
    value === allowed ? [] : [{ field, message: `may only be ${JSON.stringify(allowed)}; remove it` }]

/** A list of such values. */
export const each =
  (shape: Shape): Shape =>
  (value, field) =>
    Array.isArray(value) ? value.flatMap((item, index) => shape(item, `${field}[${index}]`)) : list(value, field)

/** The same, with at least one. */
export const some =
  (shape: Shape): Shape =>
  (value, field) =>
    Array.isArray(value) && value.length === 0
      ? [{ field, message: 'is empty; give one or remove it' }]
      : each(shape)(value, field)

/** A map of such values, whatever their keys. */
export const mapOf =
  (shape: Shape): Shape =>
  (value, field) =>
    isMap(value)
      ? Object.entries(value).flatMap(([key, inner]) => (inner === null ? [] : shape(inner, `${field}[${key}]`)))
      : map(value, field)

/** A map with these fields and no others. */
export const fields =
  (table: Readonly<Record<string, Shape>>, ...required: string[]): Shape =>
  (value, field) => {
    if (!isMap(value)) return map(value, field)
    const missing = required.filter((key) => value[key] === undefined || value[key] === null)
    return [
      ...missing.map((key) => ({ field: `${field}.${key}`, message: 'is missing; add it' })),
      ...Object.entries(value).flatMap(([key, inner]) => {
        const shape = Object.hasOwn(table, key) ? table[key] : undefined
        if (inner === null) return []
        return shape ? shape(inner, `${field}.${key}`) : [{ field: `${field}.${key}`, message: refusal }]
      }),
    ]
  }

const refusal = 'is not allowed in the template of a Function; remove it'

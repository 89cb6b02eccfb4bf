import { expect, test } from 'vitest'
import { setField } from './fields.ts'
import { prune, withoutNulls } from './prune.ts'

test('a field is data, whatever it is called', () => {
  const map: Record<string, unknown> = {}
  for (const key of ['a', '__proto__', 'constructor', 'toString']) setField(map, key, { key })

  expect(JSON.stringify(map)).toBe(
    '{"a":{"key":"a"},"__proto__":{"key":"__proto__"},"constructor":{"key":"constructor"},"toString":{"key":"toString"}}',
  )
  expect(Object.getPrototypeOf(map)).toBe(Object.prototype)
})

test.each([prune, withoutNulls])('%o keeps it so', (rebuilt) => {
  const text = '{"spec":{"__proto__":{"hostNetwork":true}}}'

  expect(JSON.stringify(rebuilt(JSON.parse(text)))).toBe(text)
})

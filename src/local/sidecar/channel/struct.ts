// JSON to google.protobuf.Struct, in the shape that proto-loader writes.

/** `{ topic: 'orders' }` → `{ fields: { topic: { stringValue: 'orders' } } }` */
export function toStruct(object: Readonly<Record<string, unknown>>): object {
  return { fields: Object.fromEntries(Object.entries(object).map(([key, value]) => [key, toValue(value)])) }
}

function toValue(value: unknown): object {
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'number') return { numberValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  if (Array.isArray(value)) return { listValue: { values: value.map(toValue) } }
  if (typeof value === 'object' && value !== null) return { structValue: toStruct({ ...value }) }
  return { nullValue: 'NULL_VALUE' }
}

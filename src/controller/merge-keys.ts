// Which lists Metacontroller would damage: it merges a list of objects as a map, and guesses the key.

/** In this order (metacontroller pkg/dynamic/apply/apply.go): 1.5 knows the first list, since 4 there is the second. */
const mergeKeys = [
  ['containerPort', 'port', 'name', 'uid', 'ip'],
  ['containerPort', 'port', 'mountPath', 'name', 'uid', 'ip', 'path'],
] as const

/** Two entries that would become one, whichever version merges them. */
export interface Doubled {
  /** Of the second one: names and indices from the root. */
  readonly path: readonly (string | number)[]
  readonly key: string
  readonly value: unknown
}

/** In all lists of `value`, at any depth. */
export function doubledEntries(value: unknown, path: Doubled['path'] = []): Doubled[] {
  if (typeof value !== 'object' || value === null) return []
  const below = Array.isArray(value)
    ? value.flatMap((each, index) => doubledEntries(each, [...path, index]))
    : Object.entries(value).flatMap(([name, each]) => doubledEntries(each, [...path, name]))
  return Array.isArray(value) ? [...doubledIn(value, path), ...below] : below
}

function doubledIn(list: readonly unknown[], path: Doubled['path']): Doubled[] {
  const found = mergeKeys.map((keys) => {
    const key = keys.find((each) => list.every((entry) => isObject(entry) && Object.hasOwn(entry, each)))
    return key === undefined ? [] : repeated(list as readonly Record<string, unknown>[], key, path)
  })
  return found.every((each) => each.length > 0) ? (found.at(-1) ?? []) : []
}

function repeated(list: readonly Record<string, unknown>[], key: string, path: Doubled['path']): Doubled[] {
  const seen = new Set<string>()
  return list.flatMap((entry, index) => {
    const value = entry[key]
    // A number and its text are one key. Of an object nothing is known yet: it may have a `toString` that is no function.
    const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
    if (seen.has(text)) return [{ path: [...path, index], key, value }]
    seen.add(text)
    return []
  })
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

// Takes out of a child what the API server would not store: such a field makes Metacontroller write on every sync.

import { setField } from './fields.ts'

// A map of these keys is dropped by the API server when it is empty. Elsewhere `{}` has a meaning: `emptyDir: {}`.
const maps: ReadonlySet<string> = new Set([
  'annotations',
  'labels',
  'limits',
  'matchLabels',
  'nodeSelector',
  'requests',
])

/** Without null, undefined, empty text, empty lists and empty maps. Elements of a list stay as they are in number. */
export function prune<T>(value: T): T {
  return rebuild(value, (key, field) => !isEmpty(key, field)) as T
}

/** Without null and undefined alone, for objects whose emptiness means something. */
export function withoutNulls<T>(value: T): T {
  return rebuild(value, (_, field) => field !== null && field !== undefined) as T
}

function rebuild(value: unknown, keep: (key: string, field: unknown) => boolean): unknown {
  if (Array.isArray(value)) return value.map((item) => rebuild(item, keep))
  if (typeof value !== 'object' || value === null) return value
  const rebuilt: Record<string, unknown> = {}
  for (const key of Object.keys(value)) {
    const field = rebuild((value as Record<string, unknown>)[key], keep)
    if (keep(key, field)) setField(rebuilt, key, field)
  }
  return rebuilt
}

function isEmpty(key: string, value: unknown): boolean {
  if (value === null || value === undefined || value === '') return true
  if (Array.isArray(value)) return value.length === 0
  return maps.has(key) && typeof value === 'object' && Object.keys(value).length === 0
}

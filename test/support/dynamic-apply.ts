// How Metacontroller puts a wanted child over the stored one (its "dynamic apply", pkg/dynamic/apply/apply.go): a write follows wherever
// the outcome is not what is stored already.

type Fields = Readonly<Record<string, unknown>>

const isMap = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Keys by which elements of a list are told apart, the first that all of them have. */
const keys = ['containerPort', 'port', 'mountPath', 'name', 'uid', 'ip', 'path']

/** `last` is what was wanted when the child was last written. */
export function applied(stored: unknown, last: unknown, wanted: unknown): unknown {
  if (isMap(stored)) return appliedMap(stored, isMap(last) ? last : {}, isMap(wanted) ? wanted : {})
  if (!Array.isArray(stored)) return wanted
  const lists = [stored, last ?? [], wanted ?? []] as [unknown[], unknown[], unknown[]]
  const key = keyOf(lists.flat())
  if (key === undefined || !lists.every(Array.isArray)) return wanted
  const [old, before, now] = lists.map((list) => new Map((list as Fields[]).map((item) => [String(item[key]), item])))
  const merged = appliedMap(
    Object.fromEntries(old ?? []),
    Object.fromEntries(before ?? []),
    Object.fromEntries(now ?? []),
  )
  const order = [...new Set([...(old ?? []), ...(now ?? [])].map(([name]) => name))]
  return order.filter((name) => Object.hasOwn(merged, name)).map((name) => merged[name])
}

function appliedMap(stored: Fields, last: Fields, wanted: Fields): Fields {
  const kept = Object.entries(stored).filter(([key]) => Object.hasOwn(wanted, key) || !Object.hasOwn(last, key))
  const changed = Object.entries(wanted).map(([key, value]) => [key, applied(stored[key], last[key], value)] as const)
  return Object.fromEntries([...kept, ...changed])
}

/** The key by which a list is a map; undefined if it is none. */
export function keyOf(items: readonly unknown[]): string | undefined {
  return keys.find((key) => items.length > 0 && items.every((item) => isMap(item) && Object.hasOwn(item, key)))
}

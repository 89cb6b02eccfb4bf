// What an API server makes of a child that is sent to it: what it adds, and what it puts in other words.

import { createHash } from 'node:crypto'
import type { KubeObject } from '../../src/shared/k8s.ts'

/** By JSON pointer (RFC 6901). */
type Values = Readonly<Record<string, unknown>>

/** One child of one golden reply, as a real API server answered it. `test/golden/stored.json` is a list of them. */
export interface Recording {
  readonly golden: string
  readonly kind: string
  readonly name: string
  /** All pointers of what was sent: other fields may get other defaults. */
  readonly shape: string
  readonly added: Values
  /** What was sent and is stored otherwise, or not at all (null). */
  readonly changed: Values
}

/** The replies that are recorded: between them every kind that Kubernetes itself defines, and every field that a template may have. */
export const recorded: readonly string[] = [
  'async-everything',
  'scale-by-cpu',
  'sidecar',
  'stateful-set',
  'template-everything',
  'two-proxies',
  'who-may-reach',
]
/** KEDA's definitions are not in the rig, and have no defaults. */
export const isRecorded = ({ kind }: KubeObject): boolean => kind !== 'ScaledObject' && kind !== 'ScaledJob'

/** What the API server alone decides, which nobody sends. */
const volatile = ['uid', 'resourceVersion', 'creationTimestamp', 'generation', 'managedFields']

export function recordingOf(golden: string, sent: KubeObject, answer: KubeObject): Recording {
  const { status: _, ...stored } = answer
  const metadata = Object.fromEntries(Object.entries(stored.metadata).filter(([key]) => !volatile.includes(key)))
  const [given, found] = [leaves(sent), leaves({ ...stored, metadata })]
  const added = [...found].filter(([pointer, value]) => !given.has(pointer) && !isAddress(pointer, value))
  const changed = [...given].filter(([pointer, value]) => found.get(pointer) !== value)
  return {
    golden,
    kind: sent.kind,
    name: sent.metadata.name,
    shape: shapeOf(sent),
    added: Object.fromEntries(added),
    changed: Object.fromEntries(changed.map(([pointer]) => [pointer, found.get(pointer) ?? null])),
  }
}

/** The address that a Service gets is another one each time. */
const isAddress = (pointer: string, value: unknown): boolean =>
  /^\/spec\/clusterIPs?(\/\d+)?$/.test(pointer) && value !== 'None'

/** The child as it would be stored: with all that is added and changed. */
export function storedAs(child: KubeObject, { added, changed }: Recording): KubeObject {
  const stored = structuredClone(child)
  for (const [pointer, value] of Object.entries({ ...added, ...changed })) put(stored, pointer, value)
  return stored
}

/** A mark of all pointers, whatever their values. */
export const shapeOf = (object: object): string =>
  createHash('sha256')
    .update([...leaves(object).keys()].toSorted().join(' '))
    .digest('hex')
    .slice(0, 16)

/** Every value that is no map and no list, and every empty one, by its pointer. */
function leaves(value: unknown, at = ''): Map<string, unknown> {
  if (typeof value !== 'object' || value === null) return new Map([[at, value]])
  const entries = Object.entries(value)
  if (entries.length === 0) return new Map([[at, Array.isArray(value) ? '[]' : '{}']])
  return new Map(
    entries.flatMap(([key, inner]) => [...leaves(inner, `${at}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`)]),
  )
}

function put(target: object, pointer: string, value: unknown): void {
  const path = pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
  const last = path.pop() ?? ''
  let at = target as Record<string, unknown>
  path.forEach((key, index) => {
    if (typeof at[key] !== 'object') at[key] = /^\d+$/.test(path[index + 1] ?? last) ? [] : {}
    at = at[key] as Record<string, unknown>
  })
  if (value === null) delete at[last]
  else at[last] = value === '{}' ? {} : value === '[]' ? [] : value
}

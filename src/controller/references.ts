// What a Function refers to and does not make: Components of its namespace and Secrets, and whether each is there and fit for its use.

import type { KubeObject } from '../shared/k8s.ts'
import { find, type Related } from './cluster.ts'
import { inlineComponents, resolveComponent } from './components.ts'
import type { Fn } from './function.ts'
import { tokenKey, tokenSecrets } from './tokens.ts'

export interface Reference {
  readonly name: string
  /** The first field that names it. */
  readonly field: string
}

export interface ComponentReference extends Reference {
  /** What the Function takes it for: with a topic pub/sub, else a binding. */
  readonly family: 'pubsub' | 'bindings'
}

export interface SecretReference extends Reference {
  /** Undefined where all of it is read. */
  readonly key: string | undefined
}

/** Components that inputs and outputs name and that are not declared inline, in the order of their names. */
export function componentReferences({ name: functionName, serving, mode }: Fn): ComponentReference[] {
  if (mode === 'none') return []
  const inline = new Set(inlineComponents(functionName, serving).map(({ name }) => name))
  const named = (['inputs', 'outputs'] as const).flatMap((list) =>
    (serving[list] ?? []).map((io, index): ComponentReference => {
      const family = io.topic ? 'pubsub' : 'bindings'
      return { name: resolveComponent(functionName, serving, io).name, field: `spec.serving.${list}[${index}]`, family }
    }),
  )
  return distinct(named.filter(({ name }) => !inline.has(name)))
}

/** Secrets that the Function names itself: to pull its image, in its components, and for tokens of Dapr. Not those of its template. */
export function secretReferences({ name: functionName, serving, pullSecret, mode }: Fn): SecretReference[] {
  const found: SecretReference[] = []
  const add = (name: unknown, field: string, key?: unknown) => {
    if (typeof name === 'string' && name !== '')
      found.push({ name, field, key: typeof key === 'string' ? key : undefined })
  }
  add(pullSecret, 'spec.imageCredentials')
  if (mode === 'none') return found
  for (const { kind, key, spec } of inlineComponents(functionName, serving)) {
    for (const { name, secretKeyRef } of spec.metadata) {
      const ref = secretKeyRef as { name?: unknown; key?: unknown } | null | undefined
      add(ref?.name, `spec.serving.${kind}.${key}.metadata[${String(name)}]`, ref?.key)
    }
  }
  for (const annotation of Object.values(tokenSecrets)) {
    add(serving.annotations?.[annotation], `spec.serving.annotations[${annotation}]`, tokenKey)
  }
  return distinct(found)
}

export interface Findings {
  /** In words: what is missing or unfit. */
  readonly faults: readonly string[]
  /** True if Metacontroller brought along all that was to be looked at. */
  readonly areSeen: boolean
}

/** Undefined where the Function refers to nothing. Kinds that nobody looked for are not judged. */
export function lookAtReferences(fn: Fn, related: Related, checkSecrets: boolean): Findings | undefined {
  const components = componentReferences(fn)
  const secrets = checkSecrets ? secretReferences(fn) : []
  if (components.length + secrets.length === 0) return undefined
  const wanted = [...(components.length > 0 ? ['Component'] : []), ...(secrets.length > 0 ? ['Secret'] : [])]
  const faults = [
    ...components.flatMap((each) => judged(related, 'Component', each, (found) => componentFault(fn, each, found))),
    ...secrets.flatMap((each) => judged(related, 'Secret', each, (found) => secretFault(each, found))),
  ]
  return { faults, areSeen: wanted.every((kind) => related[kind] !== undefined) }
}

function judged(
  related: Related,
  kind: string,
  { name, field }: Reference,
  fault: (found: KubeObject) => string | undefined,
): string[] {
  const objects = related[kind]
  if (objects === undefined) return []
  const found = find(objects, kind, name)
  const what = found === undefined ? 'is not there' : fault(found)
  return what === undefined ? [] : [`${kind} ${name} (${field}) ${what}`]
}

function componentFault(
  { appId }: Fn,
  { family }: ComponentReference,
  { spec, scopes }: KubeObject,
): string | undefined {
  const { type } = (spec ?? {}) as { type?: unknown }
  if (typeof type === 'string' && type.split('.')[0] !== family) {
    return `is of type ${type}, and used as ${family === 'pubsub' ? 'pub/sub' : 'a binding'}`
  }
  const isOpen = !Array.isArray(scopes) || scopes.length === 0 || scopes.includes(appId)
  return isOpen ? undefined : `has scopes without the app-id ${appId}`
}

/** Its keys alone are looked at. */
function secretFault({ key }: SecretReference, { data }: KubeObject): string | undefined {
  const isThere = key === undefined || (typeof data === 'object' && data !== null && Object.hasOwn(data, key))
  return isThere ? undefined : `has no key ${key}`
}

/** Each name once, under the field that comes first; of a Secret each key. */
function distinct<T extends Reference & { readonly key?: string | undefined }>(references: readonly T[]): T[] {
  const byName = new Map<string, T>()
  for (const reference of references) {
    const id = `${reference.name}/${reference.key ?? ''}`
    if (!byName.has(id)) byName.set(id, reference)
  }
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
}

// The question of Metacontroller, of hook versions v1 and v2, from unknown JSON to what we use of it.

import type { KubeObject } from '../shared/k8s.ts'
import type { Related } from './cluster.ts'
import { functionApiVersion } from './function.ts'
import type { ChildResource } from './kinds.ts'

export interface SyncRequest {
  readonly finalizing: boolean
  readonly parent: KubeObject
  /** The observed children, of all kinds. */
  readonly children: readonly KubeObject[]
  /** The kinds that the CompositeController declares; undefined if none came along, as in a request made by hand. */
  readonly declared: readonly ChildResource[] | undefined
  readonly related: Related
}

/** The request, or in one sentence what is wrong with its shape. */
export function parseSyncRequest(body: unknown): SyncRequest | string {
  if (!isMap(body)) return 'the body must be a JSON object with a parent'
  const { parent, children, controller, related, finalizing } = body
  if (!isObject(parent)) return 'parent must be an object with apiVersion, kind and metadata.name'
  if (parent.kind !== 'Function' || parent.apiVersion !== functionApiVersion) {
    return `parent must be a Function of ${functionApiVersion}`
  }
  const observed = objectsOf(children ?? {})
  if (observed === undefined) return 'children must be a map of kinds, each a map of objects'
  const others = relatedObjects(related ?? {})
  if (others === undefined) return 'related must be a map of kinds, each a map of objects'
  const declared = declaredResources(controller)
  return { parent, children: observed, declared, related: others, finalizing: finalizing === true }
}

/** The keys differ between hook versions (`name`, `namespace/name`), so only the values are read. */
function objectsOf(groups: unknown): KubeObject[] | undefined {
  if (!isMap(groups)) return undefined
  const maps = Object.values(groups)
  if (!maps.every(isMap)) return undefined
  const objects = maps.flatMap((map) => Object.values(map))
  return objects.every(isObject) ? objects : undefined
}

/** By kind: a group's key begins with it, and an empty group says that somebody looked and found none. */
function relatedObjects(groups: unknown): Related | undefined {
  if (!isMap(groups)) return undefined
  const entries = Object.entries(groups).map(([key, group]) => [key.split('.')[0] ?? '', objectsOf({ group })] as const)
  return entries.some(([, objects]) => objects === undefined) ? undefined : (Object.fromEntries(entries) as Related)
}

function declaredResources(controller: unknown): ChildResource[] | undefined {
  const rules = isMap(controller) && isMap(controller.spec) ? controller.spec.childResources : undefined
  if (!Array.isArray(rules)) return undefined
  return rules.filter(isMap).map(({ apiVersion, resource }) => ({
    apiVersion: String(apiVersion),
    resource: String(resource),
  }))
}

function isObject(value: unknown): value is KubeObject {
  return (
    isMap(value) &&
    typeof value.apiVersion === 'string' &&
    typeof value.kind === 'string' &&
    isMap(value.metadata) &&
    typeof value.metadata.name === 'string'
  )
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

// The question of Metacontroller, of hook versions v1 and v2, from unknown JSON to what we use of it.

import type { KubeObject } from '../shared/k8s.ts'
import { functionApiVersion } from './function.ts'
import type { ChildResource } from './kinds.ts'

export interface SyncRequest {
  readonly parent: KubeObject
  /** The observed children, of all kinds. */
  readonly children: readonly KubeObject[]
  /** The kinds that the CompositeController declares; undefined if none came along, as in a request made by hand. */
  readonly declared: readonly ChildResource[] | undefined
}

/** The request, or in one sentence what is wrong with its shape. */
export function parseSyncRequest(body: unknown): SyncRequest | string {
  if (!isMap(body)) return 'the body must be a JSON object with a parent'
  const { parent, children, controller } = body
  if (!isObject(parent)) return 'parent must be an object with apiVersion, kind and metadata.name'
  if (parent.kind !== 'Function' || parent.apiVersion !== functionApiVersion) {
    return `parent must be a Function of ${functionApiVersion}`
  }
  const observed = observedChildren(children ?? {})
  if (observed === undefined) return 'children must be a map of kinds, each a map of objects'
  const declared = declaredResources(controller)
  return { parent, children: observed, declared }
}

/** The keys differ between hook versions (`name`, `namespace/name`), so only the values are read. */
function observedChildren(groups: unknown): KubeObject[] | undefined {
  if (!isMap(groups)) return undefined
  const maps = Object.values(groups)
  if (!maps.every(isMap)) return undefined
  const objects = maps.flatMap((map) => Object.values(map))
  return objects.every(isObject) ? objects : undefined
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

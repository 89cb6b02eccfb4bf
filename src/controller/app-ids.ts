// Who else has the app-id of a Function: to brokers and to Dapr the two would be one, and take each other's events.

import type { KubeObject } from '../shared/k8s.ts'
import { annotation } from './annotations.ts'
import type { Related } from './cluster.ts'
import { describeFunction, type Fn, type FunctionObject } from './function.ts'
import type { CheckShape } from './rules/schema.ts'

/** Two Functions of one namespace can have one app-id only if one of them names it. So that one looks at the others. */
export const namesAppId = ({ serving, mode }: Fn): boolean =>
  mode !== 'none' && serving.annotations?.[annotation.appId] !== undefined

/** Before the shape is checked, which would take long for all Functions of a large namespace. */
function written({ metadata, spec }: KubeObject): unknown {
  const { serving } = (spec ?? {}) as { serving?: { annotations?: Record<string, unknown> | null } | null }
  return serving?.annotations?.[annotation.appId] ?? `${metadata.name}-${metadata.namespace}`
}

/** Names of other Functions of the namespace with the same app-id; undefined where nobody looked. */
export function sameAppId(fn: Fn, { Function: others }: Related, checkShape: CheckShape): string[] | undefined {
  if (!namesAppId(fn) || others === undefined) return undefined
  return others
    .filter((object) => object.metadata.name !== fn.name && written(object) === fn.appId)
    .filter((object) => checkShape(object).length === 0)
    .map((object) => describeFunction(object as FunctionObject))
    .filter(({ mode, isServed, appId }) => mode !== 'none' && isServed && appId === fn.appId)
    .map(({ name }) => name)
    .sort()
}

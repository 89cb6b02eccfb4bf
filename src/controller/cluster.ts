// What a rendering knows of the cluster that its children go to.

import type { KubeObject } from '../shared/k8s.ts'
import { annotation } from './annotations.ts'
import type { ChildKind } from './kinds.ts'
import { oncePer } from './once-per.ts'
import type { Settings } from './settings.ts'

export interface Cluster {
  readonly settings: Settings
  /** True if Metacontroller may make this kind here. */
  readonly makes: (kind: ChildKind) => boolean
  /** The children that are there. Undefined without a cluster: then all that is waited for counts as there. */
  readonly observed: readonly KubeObject[] | undefined
  readonly related: Related
}

/** Objects of others that the Function refers to, by their kind. A kind that nobody looked for is not there. */
export type Related = Readonly<Record<string, readonly KubeObject[]>>

/** A cluster that makes every kind, once all is settled. */
export const settledCluster = (settings: Settings): Cluster => ({
  settings,
  makes: () => true,
  observed: undefined,
  related: {},
})

/** The first of each kind and name: a Function may have thousands of children, and each is looked for. */
const byId = oncePer((objects: readonly KubeObject[]) => {
  const found = new Map<string, KubeObject>()
  for (const object of objects.toReversed()) found.set(`${object.kind} ${object.metadata.name}`, object)
  return found
})

export function find(objects: readonly KubeObject[], kind: string, name: string): KubeObject | undefined {
  return byId(objects).get(`${kind} ${name}`)
}

/** True once the cluster holds this child as it is now wanted. */
export function isThere({ kind, metadata }: KubeObject, { observed }: Cluster): boolean {
  if (observed === undefined) return true
  const found = find(observed, kind, metadata.name)?.metadata
  const mark = (meta: KubeObject['metadata']) => meta.annotations?.[annotation.content]
  return found !== undefined && found.deletionTimestamp === undefined && mark(found) === mark(metadata)
}

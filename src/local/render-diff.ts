// What differs between rendered children and others: those of another file of Functions, or a recorded state of a cluster.

import { annotation } from '../controller/annotations.ts'
import type { KubeObject } from '../shared/k8s.ts'

/** Whose absence means a difference: `all` for rendered objects, `ours` where a cluster has added fields of its own. */
export type Extent = 'all' | 'ours'

/** One line for each object that comes or goes, and for each field that changes, from `before` to `after`. */
export function diff(before: readonly KubeObject[], after: readonly KubeObject[], extent: Extent): string[] {
  const old = new Map(before.map((object) => [nameOf(object), object]))
  const wanted = new Map(after.map((object) => [nameOf(object), object]))
  const gone = [...old.keys()].filter((name) => !wanted.has(name)).map((name) => `- ${name}`)
  const others = [...wanted].flatMap(([name, object]) => {
    const found = old.get(name)
    if (found === undefined) return [`+ ${name}`]
    return changes(found, object, '', extent).map((line) => `~ ${name}: ${line}`)
  })
  return [...gone, ...others]
}

const nameOf = ({ kind, metadata }: KubeObject): string => `${kind} ${metadata.namespace ?? 'default'}/${metadata.name}`

/** The mark of a content changes with what it stands for, which has a line of its own. */
function changes(before: unknown, after: unknown, path: string, extent: Extent): string[] {
  if (isMap(before) && isMap(after)) {
    const keys = extent === 'all' ? [...new Set([...Object.keys(before), ...Object.keys(after)])] : Object.keys(after)
    return keys
      .filter((key) => key !== annotation.content)
      .flatMap((key) => changes(before[key], after[key], path === '' ? key : `${path}.${key}`, extent))
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    const [old, wanted] = [byName(before), byName(after)]
    if (old && wanted) return changes(old, wanted, path, extent)
    if (before.length === after.length) {
      return after.flatMap((item, index) => changes(before[index], item, `${path}[${index}]`, extent))
    }
  }
  const [from, to] = [text(before), text(after)]
  return from === to ? [] : [`${path}: ${from} → ${to}`]
}

/** Lists whose items have names, such as env and containers, are compared name by name. */
function byName(list: readonly unknown[]): Record<string, unknown> | undefined {
  const names = list.map((item) => (isMap(item) ? item.name : undefined))
  if (list.length === 0 || !names.every((name) => typeof name === 'string')) return undefined
  return Object.fromEntries(list.map((item, index) => [String(names[index]), item]))
}

const text = (value: unknown): string => (value === undefined ? '(none)' : JSON.stringify(value))

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

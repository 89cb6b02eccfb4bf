// What does this Function become? Each `x.in.yaml` has its reply in `x.out.yaml`; `vitest -u` rewrites the replies.

import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parseAllDocuments, stringify } from 'yaml'
import { type Answer, answer, type HookName, type Refusal } from '../../src/controller/hooks.ts'
import { compileShape } from '../../src/controller/rules/schema.ts'
import { parseSettings } from '../../src/controller/settings.ts'
import type { KubeObject } from '../../src/shared/k8s.ts'

const folder = new URL('.', import.meta.url)
const root = new URL('../../', folder)
const textOf = (path: string, base: URL): string => readFileSync(new URL(path, base), 'utf8')

const checkShape = compileShape(textOf('metacontroller/crd/functions.yaml', root))

interface Case {
  readonly hook: HookName
  readonly nowMs: number
  readonly controller: KubeObject | undefined
  readonly parent: KubeObject
  readonly observed: readonly KubeObject[]
  readonly related: readonly KubeObject[]
  /** Kinds that Metacontroller looked for, also where it found none. */
  readonly lookedFor: readonly string[]
  readonly settings: object
}

// The first document is the Function, the others are the observed children, but for a controller, for Settings, for objects of others,
// which say `related: true`, and for an Ask: which hook is asked (else sync), when, and what it looked for in vain.
function read(text: string): Case {
  const [parent, ...rest] = parseAllDocuments(text).map((document) => document.toJS() as KubeObject)
  const specOf = (kind: string) =>
    rest.find((object) => object.kind === kind)?.spec as Record<string, unknown> | undefined
  const controller = rest.find(({ kind }) => /^(Composite|Decorator)Controller$/.test(kind))
  const objects = rest.filter((object) => object !== controller && !['Settings', 'Ask'].includes(object.kind))
  return {
    hook: (specOf('Ask')?.hook ?? 'sync') as HookName,
    nowMs: Date.parse(String(specOf('Ask')?.now)),
    controller,
    parent: parent as KubeObject,
    observed: objects.filter((object) => object.related !== true),
    related: objects.filter((object) => object.related === true),
    lookedFor: (specOf('Ask')?.lookedFor ?? []) as string[],
    settings: specOf('Settings') ?? {},
  }
}

function groups(objects: readonly KubeObject[]): Record<string, Record<string, KubeObject>> {
  const found: Record<string, Record<string, KubeObject>> = {}
  for (const object of objects) {
    const group = `${object.kind}.${object.apiVersion}`
    found[group] = { ...found[group], [object.metadata.name]: object }
  }
  return found
}

function ask(given: Case, observed: readonly KubeObject[]): Answer | Refusal {
  const { hook, nowMs, controller, parent, related } = given
  const names = hook === 'decorate' ? ['object', 'attachments'] : ['parent', 'children']
  const body = {
    controller,
    [names[0] as string]: parent,
    [names[1] as string]: groups(observed),
    related: { ...Object.fromEntries(given.lookedFor.map((kind) => [`${kind}.any`, {}])), ...groups(related) },
  }
  const result = parseSettings(JSON.stringify(given.settings))
  if ('problems' in result) throw new Error(JSON.stringify(result.problems))
  return answer(hook, body, { settings: result.settings, checkShape, nowMs })
}

/** As the cluster would show it once it runs. */
function running(child: KubeObject): KubeObject {
  const { replicas = 1 } = (child.spec ?? {}) as { replicas?: number }
  if (child.kind === 'ScaledJob') return { ...child, status: { conditions: [{ type: 'Ready', status: 'True' }] } }
  if (child.kind !== 'Deployment' && child.kind !== 'StatefulSet') return child
  const conditions = child.kind === 'Deployment' ? [{ type: 'Available', status: 'True' }] : []
  return {
    ...child,
    spec: { ...(child.spec as object), replicas },
    status: { replicas, readyReplicas: replicas, updatedReplicas: replicas, conditions },
  }
}

const objectsOf = ({ body }: Answer): KubeObject[] => {
  const { children, attachments } = body as { children?: KubeObject[]; attachments?: KubeObject[] }
  return children ?? attachments ?? []
}

/**
 * Where no child is named as observed, those of the replies are there and run: what is shown is the settled reply. So it is where
 * observed children say `asMade: true`: each is the one of the settled reply, but for the fields that it gives.
 */
function settled(given: Case): Answer | Refusal {
  const changes = given.observed.filter(({ asMade }) => asMade === true)
  const observed = given.observed.filter((object) => !changes.includes(object))
  const first = ask(given, observed)
  if (observed.length > 0 || 'status' in first || given.hook === 'finalize') return first
  const second = ask(given, objectsOf(first).map(running))
  if ('status' in second) return second
  return ask(given, objectsOf(second).map(running).map(changedBy(changes)))
}

const changedBy = (changes: readonly KubeObject[]) => (child: KubeObject) => {
  const change = changes.find(({ kind, metadata }) => kind === child.kind && metadata.name === child.metadata.name)
  return change ? (merged(child, change) as KubeObject) : child
}

function merged(old: unknown, change: unknown): unknown {
  if (typeof old !== 'object' || typeof change !== 'object' || old === null || change === null) return change
  if (Array.isArray(change)) return change
  const fields = Object.entries(change).map(([key, value]) => [
    key,
    merged((old as typeof change)[key as never], value),
  ])
  return { ...old, ...Object.fromEntries(fields) }
}

function reply(text: string): string {
  const result = settled(read(text))
  if ('status' in result) return `error: ${result.text}\n`
  const { children: _, attachments: __, ...rest } = result.body as Record<string, unknown>
  const options = { lineWidth: 0, aliasDuplicateObjects: false }
  return [rest, ...objectsOf(result)].map((document) => stringify(document, options)).join('---\n')
}

const files = readdirSync(folder).filter((file) => file.endsWith('.in.yaml'))

describe('a Function becomes', () => {
  test.each(files)('%s', async (file) => {
    const output = new URL(file.replace('.in.yaml', '.out.yaml'), folder)

    await expect(reply(textOf(file, folder))).toMatchFileSnapshot(output.pathname)
  })
})

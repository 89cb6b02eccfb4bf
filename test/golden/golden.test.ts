// What does this Function become? Each `x.in.yaml` has its reply in `x.out.yaml`; `vitest -u` rewrites the replies.

import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parseAllDocuments, stringify } from 'yaml'
import { compileShape } from '../../src/controller/rules/schema.ts'
import { parseSettings } from '../../src/controller/settings.ts'
import { type SyncResult, sync } from '../../src/controller/sync.ts'
import { parseSyncRequest } from '../../src/controller/sync-request.ts'
import type { KubeObject } from '../../src/shared/k8s.ts'

const folder = new URL('.', import.meta.url)
const root = new URL('../../', folder)
const textOf = (path: string, base: URL): string => readFileSync(new URL(path, base), 'utf8')

const checkShape = compileShape(textOf('metacontroller/crd/functions.yaml', root))

interface Case {
  readonly controller: KubeObject | undefined
  readonly parent: KubeObject
  readonly observed: readonly KubeObject[]
  readonly related: readonly KubeObject[]
  readonly settings: object
}

// The first document is the Function, the others are the observed children, but for a CompositeController, for Settings, and for
// objects of others, which say `related: true`.
function read(text: string): Case {
  const [parent, ...rest] = parseAllDocuments(text).map((document) => document.toJS() as KubeObject)
  const controller = rest.find(({ kind }) => kind === 'CompositeController')
  const settings = rest.find(({ kind }) => kind === 'Settings')
  const others = rest.filter((object) => object !== controller && object !== settings)
  const observed = others.filter((object) => object.related !== true)
  const related = others.filter((object) => object.related === true)
  return { controller, parent: parent as KubeObject, observed, related, settings: settings?.spec ?? {} }
}

function groups(objects: readonly KubeObject[]): unknown {
  const found: Record<string, Record<string, KubeObject>> = {}
  for (const object of objects) {
    const group = `${object.kind}.${object.apiVersion}`
    found[group] = { ...found[group], [object.metadata.name]: object }
  }
  return found
}

function ask(given: Case, observed: readonly KubeObject[]): SyncResult | string {
  const parsed = parseSyncRequest({
    controller: given.controller,
    parent: given.parent,
    children: groups(observed),
    related: groups(given.related),
    finalizing: false,
  })
  const result = parseSettings(JSON.stringify(given.settings))
  if ('problems' in result) throw new Error(JSON.stringify(result.problems))
  return typeof parsed === 'string' ? parsed : sync(parsed, { settings: result.settings, checkShape })
}

const isWorkload = ({ kind }: KubeObject): boolean => kind === 'Deployment' || kind === 'StatefulSet'

/** Where no child is named as observed, all but the workloads are there already: what is shown is the settled reply. */
function settled(given: Case): SyncResult | string {
  const first = ask(given, given.observed)
  if (given.observed.length > 0 || typeof first === 'string' || first.kind === 'refused') return first
  return ask(
    given,
    first.response.children.filter((child) => !isWorkload(child)),
  )
}

function reply(text: string): string {
  const result = settled(read(text))
  if (typeof result === 'string') return `error: ${result}\n`
  if (result.kind === 'refused') return `error: ${result.reason}\n`
  const { children, ...rest } = result.response
  const options = { lineWidth: 0, aliasDuplicateObjects: false }
  return [rest, ...children].map((document) => stringify(document, options)).join('---\n')
}

const files = readdirSync(folder).filter((file) => file.endsWith('.in.yaml'))

describe('a Function becomes', () => {
  test.each(files)('%s', async (file) => {
    const output = new URL(file.replace('.in.yaml', '.out.yaml'), folder)

    await expect(reply(textOf(file, folder))).toMatchFileSnapshot(output.pathname)
  })
})

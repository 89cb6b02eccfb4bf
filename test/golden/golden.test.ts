// What does this Function become? Each `x.in.yaml` has its reply in `x.out.yaml`; `vitest -u` rewrites the replies.

import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parseAllDocuments, stringify } from 'yaml'
import { compileShape } from '../../src/controller/rules/schema.ts'
import { sync } from '../../src/controller/sync.ts'
import { parseSyncRequest } from '../../src/controller/sync-request.ts'
import type { KubeObject } from '../../src/shared/k8s.ts'

const folder = new URL('.', import.meta.url)
const root = new URL('../../', folder)
const read = (path: string, base: URL): string => readFileSync(new URL(path, base), 'utf8')

const checkShape = compileShape(read('metacontroller/crd/functions.yaml', root))
const settings = { proxyImage: 'dapr-proxy:0.1.0', clusterDomain: 'cluster.local' }

// The first document is the Function, the others are the observed children, but for a CompositeController.
function request(text: string): unknown {
  const [parent, ...rest] = parseAllDocuments(text).map((document) => document.toJS() as KubeObject)
  const controller = rest.find(({ kind }) => kind === 'CompositeController')
  const children: Record<string, Record<string, KubeObject>> = {}
  for (const object of rest) {
    if (object === controller) continue
    const group = `${object.kind}.${object.apiVersion}`
    children[group] = { ...children[group], [object.metadata.name]: object }
  }
  return { controller, parent, children, related: {}, finalizing: false }
}

function reply(text: string): string {
  const parsed = parseSyncRequest(request(text))
  if (typeof parsed === 'string') return `error: ${parsed}\n`
  const result = sync(parsed, { settings, checkShape })
  if (result.kind === 'refused') return `error: ${result.reason}\n`
  const { status, children } = result.response
  const options = { lineWidth: 0, aliasDuplicateObjects: false }
  return [{ status }, ...children].map((document) => stringify(document, options)).join('---\n')
}

const files = readdirSync(folder).filter((file) => file.endsWith('.in.yaml'))

describe('a Function becomes', () => {
  test.each(files)('%s', async (file) => {
    const output = new URL(file.replace('.in.yaml', '.out.yaml'), folder)

    await expect(reply(read(file, folder))).toMatchFileSnapshot(output.pathname)
  })
})

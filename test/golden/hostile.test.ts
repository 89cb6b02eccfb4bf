// Hostile Functions are refused as a whole, with the field that is wrong; nothing of them reaches a child or breaks the webhook.

import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { answer } from '../../src/controller/hooks.ts'
import { compileShape } from '../../src/controller/rules/schema.ts'
import { defaultSettings as settings } from '../../src/controller/settings.ts'

interface Hostile {
  readonly idea: string
  readonly field: string
  readonly annotations?: object
  readonly serving: object
}

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')
const checkShape = compileShape(read('../../metacontroller/crd/functions.yaml'))
// Through JSON, as requests come: a key such as __proto__ is then a key like any other.
const corpus: Hostile[] = parseAllDocuments(read('hostile.yaml')).map((document) =>
  JSON.parse(JSON.stringify(document.toJS())),
)

function request({ annotations, serving }: Hostile): unknown {
  const metadata = { name: 'orders', namespace: 'shop', uid: '1', generation: 2, ...(annotations && { annotations }) }
  const good = { image: 'good', serving: { runtime: 'knative' } }
  const parent = {
    apiVersion: 'core.openfunction.io/v1beta1',
    kind: 'Function',
    metadata,
    spec: { image: 'hostile', serving },
    status: { accepted: { generation: 1, spec: good } },
  }
  return JSON.parse(JSON.stringify({ parent, children: {}, related: {}, finalizing: false }))
}

describe('refuses', () => {
  test.each(corpus.map((hostile) => [hostile.idea, hostile] as const))('%s', (_, hostile) => {
    for (const hook of ['sync', 'finalize', 'customize'] as const) {
      const result = answer(hook, request(hostile), { settings, checkShape, nowMs: 0 })
      expect('body' in result).toBe(true)
      if (hook !== 'sync' || !('body' in result)) continue
      // One field is wrong, and it is the one that is named.
      expect(result.problems.map(({ field }) => field)).toEqual([hostile.field])
      const { children } = result.body as { children: { kind: string }[] }
      expect(children.map(({ kind }) => kind)).toEqual(['Deployment', 'Service'])
      expect(JSON.stringify(children)).not.toMatch(/"hostile"|hostPath|evil|privileged/)
    }
    expect(({} as { hostNetwork?: unknown }).hostNetwork).toBeUndefined()
  })

  test('each idea once', () => {
    expect(new Set(corpus.map(({ idea }) => idea)).size).toBe(corpus.length)
    expect(corpus.length).toBeGreaterThanOrEqual(50)
  })
})

// A fixed point: a reply that is applied over the objects that an API server made of it, with all their defaults, writes nothing.
// What the API server adds was recorded from a real one (test/e2e/scenarios/stored.ts).

import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import type { KubeObject } from '../../src/shared/k8s.ts'
import { applied } from '../support/dynamic-apply.ts'
import { isRecorded, type Recording, recorded, shapeOf, storedAs } from '../support/stored.ts'

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')
const recordings: readonly Recording[] = JSON.parse(read('stored.json'))
const isOf = (golden: string, child: KubeObject) => (each: Recording) =>
  each.golden === golden && each.kind === child.kind && each.name === child.metadata.name

describe.each(recorded)('%s', (golden) => {
  const [, ...children] = parseAllDocuments(read(`${golden}.out.yaml`)).map((document) => document.toJS() as KubeObject)

  test.each(children.filter(isRecorded).map((child) => [child.kind, child.metadata.name, child] as const))(
    '%s %s is written once',
    (_, __, child) => {
      const recording = recordings.find(isOf(golden, child))
      if (recording?.shape !== shapeOf(child)) {
        throw new Error('has fields that are not in the recording: record anew, make e2e SCENARIOS=stored')
      }
      const stored = storedAs(child, recording)

      expect(applied(stored, child, child)).toEqual(stored)
    },
  )
})

test('the recording is of an API server that has defaults', () => {
  const added = recordings.flatMap((recording) => Object.keys(recording.added))

  expect(added).toContain('/spec/template/spec/containers/0/terminationMessagePath')
  expect(added.length).toBeGreaterThan(200)
  for (const { changed } of recordings) expect(changed).toEqual({})
})

describe('what would be written on every sync', () => {
  test.each<[string, object, object]>([
    [
      'a default in a list whose elements have no key',
      { ports: [{ endPort: 1 }] },
      { ports: [{ endPort: 1, protocol: 'TCP' }] },
    ],
    ['a quantity in other words', { limits: { cpu: '1000m' } }, { limits: { cpu: '1' } }],
    ['an empty map that is not stored', { annotations: {} }, {}],
    ['null', { value: null }, {}],
  ])('%s', (_, wanted, stored) => {
    expect(applied(stored, wanted, wanted)).not.toEqual(stored)
  })

  test.each<[string, object, object]>([
    ['a default beside what is wanted', { ports: [{ port: 1 }] }, { ports: [{ port: 1, protocol: 'TCP' }] }],
    ['what others add', { env: [{ name: 'a' }] }, { env: [{ name: 'a' }, { name: 'b' }], paused: true }],
  ])('but not %s', (_, wanted, stored) => {
    expect(applied(stored, wanted, wanted)).toEqual(stored)
  })

  test('what was sent before and is not wanted now is taken away', () => {
    expect(applied({ replicas: 3, paused: true }, { replicas: 3 }, {})).toEqual({ paused: true })
    expect(applied([{ name: 'a' }, { name: 'b' }], [{ name: 'a' }], [])).toEqual([{ name: 'b' }])
  })
})

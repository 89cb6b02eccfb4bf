// A Function four times as large is four times the work: with a higher power one user could stop the webhook for all others.

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { KubeObject } from '../shared/k8s.ts'
import { acceptFunction } from './accept.ts'
import { type Cluster, isThere } from './cluster.ts'
import { guarantees } from './delivery/delivery.ts'
import { fieldsLeftOut } from './left-out.ts'
import { lookAtReferences } from './references.ts'
import { renderChildren, wantedChildren } from './render.ts'
import { compileShape } from './rules/schema.ts'
import { defaultSettings as settings } from './settings.ts'

const crd = readFileSync(new URL('../../metacontroller/crd/functions.yaml', import.meta.url), 'utf8')
const checkShape = compileShape(crd)

const component = { type: 'pubsub.redis', version: 'v1', metadata: [] }

const shapes: Readonly<Record<string, (names: readonly string[]) => object>> = {
  'inputs of components of their own': (names) => ({
    inputs: names.map((name) => ({ name, component: name, topic: 't' })),
    pubsub: Object.fromEntries(names.map((name) => [name, component])),
  }),
  'inputs of one component': (names) => ({
    inputs: names.map((name) => ({ name, component: 'bus', topic: name, params: { deadLetterTopic: 'dead' } })),
    pubsub: { bus: component },
  }),
  'inputs and outputs of components of the namespace': (names) => ({
    inputs: names.map((name) => ({ name, component: name, topic: 't' })),
    outputs: names.map((name) => ({ name, component: name, topic: 't' })),
  }),
  states: (names) => ({
    inputs: [{ name: 'in', component: 'bus', topic: 't' }],
    states: Object.fromEntries(names.map((name) => [name, { ...component, type: 'state.redis' }])),
  }),
}

/** How often a field of an input, an output, an observed child or a related object is read. */
function readsOf(shape: (names: readonly string[]) => object, size: number): number {
  const names = Array.from({ length: size }, (_, i) => `n${i}`)
  const metadata = { name: 'orders', namespace: 'shop' }
  const spec = { image: 'a', serving: { runtime: 'async', ...shape(names) } }
  const parent = { apiVersion: 'core.openfunction.io/v1beta1', kind: 'Function', metadata, spec }
  const verdict = acceptFunction(parent as KubeObject, { settings, checkShape })
  if (verdict.kind === 'rejected') throw new Error(JSON.stringify(verdict.problems))
  let reads = 0
  const get = <T extends object>(of: T, key: string | symbol): unknown => {
    reads += 1
    return Reflect.get(of, key)
  }
  const counted = <T extends object>(objects: readonly T[] = []): T[] =>
    objects.map((object) => new Proxy<T>(object, { get }))
  const { serving } = verdict.fn
  const lists = { inputs: counted(serving.inputs), outputs: counted(serving.outputs) }
  const fn = { ...verdict.fn, serving: { ...serving, ...lists } }
  const others = names.map((name) => ({
    apiVersion: 'dapr.io/v1alpha1',
    kind: 'Component',
    metadata: { name },
    spec: component,
  }))
  const observed = counted(renderChildren(verdict.fn, settings))
  const cluster: Cluster = { settings, makes: () => true, observed, related: { Component: counted(others) } }

  const children = wantedChildren(fn, cluster)
  fieldsLeftOut(fn, verdict.object.spec, cluster)
  guarantees(fn, cluster.related, true)
  lookAtReferences(fn, cluster.related, false)
  expect(children.filter((child) => !isThere(child, cluster))).toEqual([])
  return reads
}

test.each(Object.entries(shapes))('%s', (_, shape) => {
  expect(readsOf(shape, 80)).toBeLessThan(5 * readsOf(shape, 20))
})

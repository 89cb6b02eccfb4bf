// Promises that hold for any Function and any request, not only for the examples of test/golden.

import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { validParent, word } from '../../test/support/functions.ts'
import { parseFuncContext } from '../shared/func-context.ts'
import type { KubeObject } from '../shared/k8s.ts'
import { answer } from './hooks.ts'
import { doubledEntries } from './merge-keys.ts'
import { compileShape } from './rules/schema.ts'
import { defaultSettings } from './settings.ts'
import { type SyncResult, sync } from './sync.ts'
import { parseSyncRequest } from './sync-request.ts'

const crd = readFileSync(new URL('../../metacontroller/crd/functions.yaml', import.meta.url), 'utf8')
const options = { settings: defaultSettings, checkShape: compileShape(crd) }

function synced(body: unknown): SyncResult {
  const request = parseSyncRequest(JSON.parse(JSON.stringify(body)))
  if (typeof request === 'string') throw new Error(request)
  return sync(request, options)
}

function childrenOf(body: unknown): readonly KubeObject[] {
  const result = synced(body)
  if (result.kind !== 'synced') throw new Error(result.reason)
  expect(result.response.status.conditions[0]).toMatchObject({ type: 'Accepted', status: 'True' })
  return JSON.parse(JSON.stringify(result.response.children))
}

interface Pod {
  readonly metadata: { readonly labels: Record<string, string>; readonly annotations: Record<string, string> }
  readonly spec: { readonly containers: { name: string; env?: { name: string; value?: string }[] }[] }
}
type Deployment = KubeObject & {
  readonly spec: { readonly selector: { readonly matchLabels: Record<string, string> }; readonly template: Pod }
}
const deployments = (children: readonly KubeObject[]): Deployment[] =>
  children.filter(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet') as Deployment[]

const nulls = (value: unknown): boolean =>
  value === null || (typeof value === 'object' && Object.values(value as object).some(nulls))

test('the same Function always becomes the same bytes, in whatever order its maps were written', () => {
  const reversed = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(reversed)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value)
        .reverse()
        .map(([name, inner]) => [name, reversed(inner)]),
    )
  }
  fc.assert(
    fc.property(validParent, (parent) => {
      expect(JSON.stringify(synced({ parent }))).toBe(JSON.stringify(synced({ parent })))
      const workloads = (from: unknown) =>
        deployments(childrenOf({ parent: from })).map(({ spec }) => spec.template.metadata)
      expect(JSON.stringify(workloads(reversed(parent)))).toBe(JSON.stringify(workloads(parent)))
    }),
  )
})

test('children are unique, whole, in the namespace of the Function and without null', () => {
  fc.assert(
    fc.property(validParent, (parent) => {
      const children = childrenOf({ parent })

      const names = children.map(({ apiVersion, kind, metadata }) => `${apiVersion} ${kind} ${metadata.name}`)
      expect(new Set(names).size).toBe(children.length)
      for (const child of children) {
        expect(child.metadata.namespace).toBe('shop')
        if (child.kind !== 'Component') expect(nulls(child)).toBe(false)
        expect(doubledEntries(child)).toEqual([])
        expect(child.metadata.labels?.['controller-uid']).toBeUndefined()
      }
    }),
  )
})

test('selectors match their pods and tell the two roles apart; Services select the pods of one role', () => {
  fc.assert(
    fc.property(validParent, (parent) => {
      const children = childrenOf({ parent })
      const pods = deployments(children).map(({ spec }) => spec.template.metadata.labels)
      const selects = (selector: Record<string, string>) =>
        pods.filter((labels) => Object.entries(selector).every(([name, value]) => labels[name] === value)).length

      for (const { spec } of deployments(children)) expect(selects(spec.selector.matchLabels)).toBe(1)
      for (const service of children.filter(({ kind }) => kind === 'Service')) {
        expect(selects((service.spec as { selector: Record<string, string> }).selector)).toBe(1)
      }
      for (const policy of children.filter(({ kind }) => kind === 'NetworkPolicy')) {
        const { podSelector } = policy.spec as { podSelector: { matchLabels: Record<string, string> } }
        expect(selects(podSelector.matchLabels)).toBe(1)
      }
    }),
  )
})

test('no field that we own can be replaced by the user', () => {
  fc.assert(
    fc.property(validParent, (parent) => {
      const children = childrenOf({ parent })
      const { name, namespace } = parent.metadata
      for (const { metadata, spec } of deployments(children)) {
        const { annotations: found, labels } = spec.template.metadata
        expect(['true', 'false']).toContain(found['dapr.io/enabled'])
        expect(found['dapr.io/app-port']).not.toBe('1')
        expect(found['dapr.io/sidecar-listen-addresses']).not.toBe('x')
        expect(labels['openfunction.io/function']).toBe(name)
        expect(['function', 'proxy']).toContain(labels['app.kubernetes.io/component'])

        const role = metadata.name === name ? 'function' : 'dapr-proxy'
        const env = spec.template.spec.containers.find((container) => container.name === role)?.env ?? []
        const names = env.map((variable) => variable.name)
        expect(new Set(names).size).toBe(names.length)
        const value = (wanted: string) => env.find((variable) => variable.name === wanted)?.value
        expect(parseFuncContext(value('FUNC_CONTEXT'))).toMatchObject({ context: { name } })
        if (role === 'function' && found['dapr.io/enabled'] === 'false' && deployments(children).length === 2) {
          expect(value('DAPR_HOST')).toBe(`${name}-proxy.${namespace}.svc.cluster.local`)
        }
      }
      const enabled = deployments(children).filter(
        ({ spec }) => spec.template.metadata.annotations['dapr.io/enabled'] === 'true',
      )
      const hasProxy = deployments(children).length === 2
      expect(enabled.map(({ metadata }) => metadata.name)).toEqual(
        hasProxy ? [`${name}-proxy`] : enabled.length ? [name] : [],
      )
    }),
  )
})

/** Any JSON, and now and then what no text can be made of. */
const anything = fc.oneof(fc.jsonValue(), fc.constant({ toString: null }), fc.constant([{ name: { toString: null } }]))

test('whatever objects of others come along, each hook answers a valid Function', () => {
  const other = (kind: string, name: string) =>
    fc.record({
      apiVersion: fc.constant('v1'),
      kind: fc.constant(kind),
      metadata: fc.record({
        name: fc.constant(name),
        namespace: fc.constant('shop'),
        deletionTimestamp: anything,
      }),
      spec: fc.oneof(
        fc.jsonValue(),
        fc.record({
          type: fc.constantFrom('pubsub.redis', 'pubsub.kafka', 5),
          metadata: anything,
          targets: anything,
          serving: fc.jsonValue(),
        }),
        fc.record({ targets: fc.record({ components: fc.dictionary(word, fc.jsonValue()) }) }),
        fc.record({ type: fc.constant('pubsub.redis'), metadata: fc.array(anything) }),
      ),
      scopes: fc.jsonValue(),
      data: fc.jsonValue(),
    })
  const kinds = ['Component', 'Resiliency', 'Secret', 'Function', 'Pod']
  const related = fc.record(
    Object.fromEntries(kinds.map((kind) => [`${kind}.v1`, fc.record({ a: other(kind, 'bus') })])),
  )
  const name = 'orders'
  const annotations = { 'dapr.io/app-id': 'bus-shop' }
  const inputs = [{ name: 'in', component: 'bus', topic: 't' }]
  const metadata = [{ name: 'redisPassword', secretKeyRef: { name: 'bus', key: 'password' } }]
  const states = { cart: { type: 'state.redis', version: 'v1', metadata } }
  const spec = {
    image: 'i',
    imageCredentials: { name: 'bus' },
    serving: { runtime: 'async', inputs, states, annotations },
  }
  const parent = {
    apiVersion: 'core.openfunction.io/v1beta1',
    kind: 'Function',
    metadata: { name, namespace: 'shop', uid: '1', deletionTimestamp: '1970-01-01T00:00:00Z' },
    spec,
  }
  const asked = { ...options, settings: { ...defaultSettings, checkSecrets: true }, nowMs: 0 }
  fc.assert(
    fc.property(related, (objects) => {
      for (const hook of ['sync', 'finalize', 'customize', 'decorate'] as const) {
        const result = answer(hook, { parent, object: parent, related: objects }, asked)
        expect('body' in result).toBe(true)
      }
    }),
    { numRuns: 300 },
  )
})

// Three replies a run.
test('what is made is a fixed point: with the children there, the reply is settled and stays', () => {
  fc.assert(
    fc.property(validParent, (parent) => {
      const reply = (children: readonly KubeObject[]) => {
        const groups: Record<string, Record<string, KubeObject>> = {}
        for (const child of children) {
          const group = `${child.kind}.${child.apiVersion}`
          groups[group] = { ...groups[group], [child.metadata.name]: child }
        }
        return childrenOf({ parent, children: groups })
      }
      const first = reply([])
      const second = reply(first)

      expect(second.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual(
        first.map(({ kind, metadata }) => `${kind} ${metadata.name}`),
      )
      expect(reply(second)).toEqual(second)
      for (const { kind, spec } of second) {
        if (kind === 'Deployment') expect(spec).not.toHaveProperty('paused')
      }
      // Every pod with daprd waits while the first reply is carried out.
      const waiting = first.filter(({ kind, spec }) => {
        const { template } = (spec ?? {}) as { template?: { metadata: { annotations: Record<string, string> } } }
        return kind === 'Deployment' && template?.metadata.annotations['dapr.io/enabled'] === 'true'
      })
      for (const { spec } of waiting) expect(spec).toHaveProperty('paused', true)
    }),
    { numRuns: 30 },
  )
})

test('whatever the request, the answer is a reply, a refusal or one sentence, never an exception', () => {
  const anyParent = fc.record({
    apiVersion: fc.constant('core.openfunction.io/v1beta1'),
    kind: fc.constant('Function'),
    metadata: fc.record({ name: fc.oneof(word, fc.string()), annotations: fc.jsonValue() }),
    spec: fc.oneof(
      fc.jsonValue(),
      fc.record({
        image: fc.jsonValue(),
        port: fc.jsonValue(),
        serving: fc.oneof(
          fc.jsonValue(),
          fc.record({
            runtime: fc.constant('async'),
            inputs: fc.jsonValue(),
            template: fc.jsonValue(),
            annotations: fc.jsonValue(),
          }),
        ),
      }),
    ),
    status: fc.oneof(
      fc.jsonValue(),
      fc.record({
        accepted: fc.oneof(
          fc.jsonValue(),
          fc.record({ generation: fc.jsonValue(), spec: fc.jsonValue(), annotations: fc.jsonValue() }),
        ),
      }),
    ),
  })
  const anyBody = fc.record(
    { parent: fc.oneof(fc.jsonValue(), anyParent), children: fc.jsonValue(), controller: fc.jsonValue() },
    { requiredKeys: ['parent'] },
  )
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), anyBody), (body) => {
      const request = parseSyncRequest(body)
      const result = typeof request === 'string' ? undefined : sync(request, options)
      if (result?.kind === 'synced') expect(result.response.children.every((child) => child !== null)).toBe(true)
    }),
    { numRuns: 500 },
  )
})

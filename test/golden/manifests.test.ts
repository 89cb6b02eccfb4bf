// What is shipped as YAML agrees with what the code does.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { settledCluster } from '../../src/controller/cluster.ts'
import { relatedRules } from '../../src/controller/customize.ts'
import { decorate } from '../../src/controller/decorate.ts'
import { describeFunction } from '../../src/controller/function.ts'
import { type ChildKind, childKinds } from '../../src/controller/kinds.ts'
import { defaultSettings as settings } from '../../src/controller/settings.ts'
import { loadFunctions, renderChildren } from '../../src/local/function-files.ts'
import type { KubeObject } from '../../src/shared/k8s.ts'

const root = new URL('../../', import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8')
const samples = readdirSync(new URL('manifests/samples/', root))
  .filter((file) => file.endsWith('.yaml'))
  .map((file) => `manifests/samples/${file}`)
const { functions, problems, notes } = await loadFunctions(samples, fileURLToPath(root), settings)
const children = functions.flatMap(({ fn }) => renderChildren(fn, settings))

interface Rule {
  readonly apiVersion: string
  readonly resource: string
  readonly updateStrategy: { readonly method: string }
}
const controller = parse(read('metacontroller/base/composite-controller.yaml')).spec
const patches: readonly { readonly value: Rule }[] = parse(read('metacontroller/keda/child-resources.yaml'))
const rules: readonly Rule[] = [...controller.childResources, ...patches.map(({ value }) => value)]

describe('metacontroller/base/composite-controller.yaml and its overlay for KEDA', () => {
  test('declares each kind that we emit, updated in place, and no other', () => {
    const emitted = Object.values(childKinds).map(({ apiVersion, resource }) => `${apiVersion} ${resource}`)
    const declared = rules.map(({ apiVersion, resource }) => `${apiVersion} ${resource}`)

    expect(declared.toSorted()).toEqual(emitted.toSorted())
    for (const { apiVersion, kind } of children) expect(childKinds[kind as ChildKind].apiVersion).toBe(apiVersion)
    expect(rules.map(({ updateStrategy }) => updateStrategy.method)).toEqual(rules.map(() => 'InPlace'))
  })

  test('names the Service of manifests/base and the kind of the definition', () => {
    const service = parse(read('manifests/base/service.yaml')) as KubeObject
    const { namespace } = parse(read('manifests/base/kustomization.yaml'))
    const { spec } = parse(read('metacontroller/crd/functions.yaml'))
    const { apiVersion, resource } = controller.parentResource

    for (const hook of ['sync', 'finalize', 'customize']) {
      expect(controller.hooks[hook]).toMatchObject({
        version: 'v2',
        webhook: { url: `http://${service.metadata.name}.${namespace}/${hook}`, responseUnMarshallMode: 'strict' },
      })
    }
    expect(`${apiVersion} ${resource}`).toBe(`${spec.group}/${spec.versions[0].name} ${spec.names.plural}`)
  })
})

test('kustomize takes each folder: all that it names is there, and no folder around it, which would be a circle', () => {
  const folders = ['manifests/', 'metacontroller/'].flatMap((folder) =>
    readdirSync(new URL(folder, root), { recursive: true })
      .filter((path) => String(path).endsWith('kustomization.yaml'))
      .map((path) => new URL(`${folder}${String(path).replace('kustomization.yaml', '')}`, root)),
  )

  expect(folders.length).toBeGreaterThanOrEqual(9)
  for (const folder of folders) {
    const { resources = [], patches = [] } = parse(readFileSync(new URL('kustomization.yaml', folder), 'utf8'))
    for (const name of [...resources, ...patches.map(({ path }: { path: string }) => path)]) {
      const named = new URL(name, folder)
      expect(existsSync(named), `${folder.pathname} names ${name}`).toBe(true)
      expect(
        folder.pathname.startsWith(`${named.pathname.replace(/\/$/, '')}/`),
        `${folder.pathname} names ${name}`,
      ).toBe(false)
    }
  }
})

test('manifests/rbac lets Metacontroller make each kind', () => {
  const roles = ['', 'keda/'].map((folder) =>
    parseAllDocuments(read(`manifests/rbac/${folder}metacontroller-role.yaml`))[0]?.toJS(),
  )
  const can = (group: string, resource: string): string[] =>
    roles
      .flatMap((role) => role.rules)
      .filter(
        (rule: { apiGroups: string[]; resources: string[] }) =>
          rule.apiGroups.includes(group) && rule.resources.includes(resource),
      )
      .flatMap((rule: { verbs: string[] }) => rule.verbs)

  for (const { apiVersion, resource } of rules) {
    const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : ''
    expect(can(group, resource)).toEqual(expect.arrayContaining(['create', 'update', 'delete', 'watch']))
  }
})

test('manifests/rbac lets Metacontroller see each kind that a Function may ask for, Secrets where that is switched on', () => {
  const paths = ['', 'secrets/'].map((folder) => `manifests/rbac/${folder}metacontroller-role.yaml`)
  const rights = paths.map((path) => parseAllDocuments(read(path))[0]?.toJS().rules)
  const sees = (of: { resources: string[]; verbs: string[] }[], resource: string): boolean =>
    of.some(({ resources, verbs }) => resources.includes(resource) && verbs.includes('list') && verbs.includes('watch'))
  const annotations = { 'dapr.io/app-id': 'x', 'openfunction.io/enable-dapr': 'true' }
  const serving = { runtime: 'async' as const, inputs: [{ name: 'in', component: 'c', topic: 't' }], annotations }
  const metadata = { name: 'f', namespace: 'n' }
  const object = {
    apiVersion: 'v1',
    kind: 'Function',
    metadata,
    spec: { image: 'i', imageCredentials: { name: 's' }, serving },
  }
  const asked = relatedRules(describeFunction(object), { ...settings, checkSecrets: true }).map(
    ({ resource }) => resource,
  )

  expect(asked).toEqual(['components', 'resiliencies', 'pods', 'functions', 'secrets'])
  for (const resource of asked) {
    expect(sees(rights[0], resource), resource).toBe(resource !== 'secrets')
    expect(sees(rights.flat(), resource), resource).toBe(true)
  }
})

test('Metacontroller may bind the role of the proxies, which reads EndpointSlices, and no other', () => {
  const role = parse(read('manifests/base/endpointslices-role.yaml'))
  const [metacontroller] = parseAllDocuments(read('manifests/rbac/metacontroller-role.yaml')).map((each) => each.toJS())
  const binding = metacontroller.rules.filter(({ verbs }: { verbs: string[] }) => verbs.includes('bind'))

  expect(parse(read('manifests/base/kustomization.yaml')).resources).toContain('endpointslices-role.yaml')
  expect(role.rules).toEqual([
    { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['get', 'list', 'watch'] },
  ])
  expect(binding.map(({ resourceNames }: { resourceNames: string[] }) => resourceNames)).toEqual([[role.metadata.name]])
})

test('every sample is a valid Function with a name of its own', () => {
  expect({ problems, notes }).toEqual({ problems: [], notes: [] })
  expect(functions.length).toBeGreaterThanOrEqual(6)
  expect(functions.map(({ file }) => file)).toEqual(samples)
})

test('metacontroller/decorator declares each kind that it attaches, and no other', async () => {
  const { spec } = parse(read('metacontroller/decorator/decorator-controller.yaml'))
  const declared = (spec.attachments as Rule[]).map(({ apiVersion, resource }) => `${apiVersion} ${resource}`)
  const twoProxies = { ...settings, proxy: { ...settings.proxy, replicas: 2 } }
  const attached = functions.flatMap(({ fn }) => decorate(fn, settledCluster(twoProxies)).attachments)

  const kinds = attached.map(({ kind }) => childKinds[kind as ChildKind])
  expect(declared.toSorted()).toEqual(
    [...new Set(kinds.map(({ apiVersion, resource }) => `${apiVersion} ${resource}`))].sort(),
  )
})

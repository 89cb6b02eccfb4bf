// Every child is what Kubernetes and KEDA call valid, by the schemas of their own APIs.

import { readdirSync, readFileSync } from 'node:fs'
import { ScaledJob } from '@kubernetes-models/keda/keda.sh/v1alpha1/ScaledJob'
import { ScaledObject } from '@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject'
import fc from 'fast-check'
import { Deployment } from 'kubernetes-models/apps/v1/Deployment'
import { StatefulSet } from 'kubernetes-models/apps/v1/StatefulSet'
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler'
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy'
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget'
import { RoleBinding } from 'kubernetes-models/rbac.authorization.k8s.io/v1/RoleBinding'
import { Service } from 'kubernetes-models/v1/Service'
import { ServiceAccount } from 'kubernetes-models/v1/ServiceAccount'
import { expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { acceptFunction } from '../../src/controller/accept.ts'
import { type ChildKind, childKinds } from '../../src/controller/kinds.ts'
import { renderChildren } from '../../src/controller/render.ts'
import { compileShape } from '../../src/controller/rules/schema.ts'
import { defaultSettings as settings } from '../../src/controller/settings.ts'
import type { KubeObject } from '../../src/shared/k8s.ts'
import { validParent } from '../support/functions.ts'

interface Model {
  readonly apiVersion: string
  readonly kind: string
  new (data: never): { validate(): void }
}

const models: readonly Model[] = [
  Deployment,
  StatefulSet,
  HorizontalPodAutoscaler,
  NetworkPolicy,
  PodDisruptionBudget,
  RoleBinding,
  Service,
  ServiceAccount,
  ScaledJob,
  ScaledObject,
]
/** daprd itself judges these; their definitions leave the spec open. */
const ofDapr: readonly string[] = ['Component', 'Configuration', 'Resiliency']

/** What is wrong with a child, if anything. */
function fault(child: KubeObject): string[] {
  if (ofDapr.includes(child.kind)) return []
  const Kind = models.find(({ kind, apiVersion }) => kind === child.kind && apiVersion === child.apiVersion)
  if (Kind === undefined) return [`nobody knows ${child.apiVersion} ${child.kind}`]
  try {
    new Kind(child as never).validate()
    return []
  } catch (error) {
    return [`${child.kind} ${child.metadata.name}: ${(error as Error).message}`]
  }
}

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')
const checkShape = compileShape(read('../../metacontroller/crd/functions.yaml'))
const files = readdirSync(new URL('.', import.meta.url)).filter((file) => file.endsWith('.out.yaml'))

test('every kind has a schema', () => {
  const kinds = [...models.map(({ kind }) => kind), ...ofDapr]

  expect(kinds.toSorted()).toEqual(Object.keys(childKinds).toSorted())
  for (const { apiVersion, kind } of models) expect(apiVersion).toBe(childKinds[kind as ChildKind].apiVersion)
})

test.each(files)('%s', (file) => {
  const [, ...children] = parseAllDocuments(read(file)).map((document) => document.toJS() as KubeObject)

  expect(children.flatMap(fault)).toEqual([])
})

test('whatever a Function says, its children are valid', () => {
  fc.assert(
    fc.property(validParent, (parent) => {
      const verdict = acceptFunction(parent as unknown as KubeObject, { settings, checkShape })
      if (verdict.kind === 'rejected') throw new Error(JSON.stringify(verdict.problems))
      // As they are sent: without what JSON leaves out.
      const children: KubeObject[] = JSON.parse(JSON.stringify(renderChildren(verdict.fn, settings)))

      expect(children.flatMap(fault)).toEqual([])
    }),
  )
})

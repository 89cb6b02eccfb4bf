// A template that the rules accept is one that Kubernetes takes: a wrong shape is reported in the Function, and never met by its children.

import { readFileSync } from 'node:fs'
import { Deployment } from 'kubernetes-models/apps/v1/Deployment'
import { expect, test } from 'vitest'
import { acceptFunction } from '../../src/controller/accept.ts'
import { renderChildren } from '../../src/controller/render.ts'
import { compileShape } from '../../src/controller/rules/schema.ts'
import { defaultSettings as settings } from '../../src/controller/settings.ts'
import type { KubeObject } from '../../src/shared/k8s.ts'

const crd = readFileSync(new URL('../../metacontroller/crd/functions.yaml', import.meta.url), 'utf8')
const checkShape = compileShape(crd)

const labelSelector = { matchLabels: { a: 'b' }, matchExpressions: [{ key: 'a', operator: 'In', values: ['b'] }] }
const expressions = [{ key: 'disk', operator: 'In', values: ['ssd'] }]
const nodes = { matchExpressions: expressions, matchFields: expressions }
const pods = {
  labelSelector,
  namespaceSelector: labelSelector,
  namespaces: ['shop'],
  topologyKey: 'zone',
  matchLabelKeys: ['a'],
  mismatchLabelKeys: ['b'],
}
const nearPods = {
  requiredDuringSchedulingIgnoredDuringExecution: [pods],
  preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: pods }],
}
const files = { items: [{ key: 'k', path: 'p', mode: 256 }], optional: true }
const probe = (handler: object) => ({ ...handler, initialDelaySeconds: 1, periodSeconds: 2, timeoutSeconds: 3 })
const resource = { containerName: 'function', resource: 'limits.cpu', divisor: '1m' }

/** Every field that a template may have, one kind of each. */
const template = {
  containers: [
    {
      name: 'function',
      imagePullPolicy: 'Always',
      command: ['node'],
      args: ['a'],
      workingDir: '/',
      env: [
        { name: 'A', value: 'a' },
        { name: 'B', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } } },
        { name: 'C', valueFrom: { resourceFieldRef: resource } },
        { name: 'D', valueFrom: { secretKeyRef: { name: 's', key: 'k', optional: true } } },
        { name: 'E', valueFrom: { configMapKeyRef: { name: 'c', key: 'k', optional: true } } },
      ],
      envFrom: [
        { prefix: 'P_', secretRef: { name: 's', optional: true } },
        { configMapRef: { name: 'c', optional: true } },
      ],
      ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }],
      resources: { limits: { cpu: 1, memory: '64Mi' }, requests: { cpu: '100m' } },
      volumeMounts: [{ name: 'a', mountPath: '/a', subPath: 'b', readOnly: true }],
      livenessProbe: probe({
        httpGet: { path: '/', port: 80, scheme: 'HTTP', httpHeaders: [{ name: 'a', value: 'b' }] },
      }),
      readinessProbe: probe({ tcpSocket: { port: 'http' } }),
      startupProbe: probe({ grpc: { port: 80, service: 's' } }),
      lifecycle: { preStop: { sleep: { seconds: 1 } }, postStart: { exec: { command: ['true'] } } },
      terminationMessagePath: '/dev/termination-log',
      terminationMessagePolicy: 'File',
      securityContext: { runAsUser: 1, runAsNonRoot: true, capabilities: { drop: ['ALL'] } },
    },
  ],
  initContainers: [{ name: 'first', image: 'a', restartPolicy: 'Always' }],
  volumes: [
    { name: 'a', emptyDir: { medium: 'Memory', sizeLimit: '1Gi' } },
    { name: 'b', secret: { secretName: 's', defaultMode: 256, ...files } },
    { name: 'c', configMap: { name: 'c', defaultMode: 256, ...files } },
    {
      name: 'd',
      projected: {
        defaultMode: 256,
        sources: [
          { secret: { name: 's', ...files } },
          { configMap: { name: 'c', ...files } },
          {
            downwardAPI: {
              items: [
                { path: 'p', fieldRef: { fieldPath: 'metadata.name' }, mode: 256 },
                { path: 'q', resourceFieldRef: resource },
              ],
            },
          },
          { serviceAccountToken: { audience: 'a', expirationSeconds: 600, path: 'p' } },
        ],
      },
    },
    { name: 'e', persistentVolumeClaim: { claimName: 'c', readOnly: true } },
  ],
  imagePullSecrets: [{ name: 'pull' }],
  securityContext: { runAsUser: 1, fsGroup: 1, fsGroupChangePolicy: 'Always', supplementalGroups: [1] },
  nodeSelector: { disk: 'ssd' },
  tolerations: [{ key: 'a', operator: 'Equal', value: 'b', effect: 'NoExecute', tolerationSeconds: 5 }],
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [nodes] },
      preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference: nodes }],
    },
    podAffinity: nearPods,
    podAntiAffinity: nearPods,
  },
  topologySpreadConstraints: [
    {
      maxSkew: 1,
      topologyKey: 'zone',
      whenUnsatisfiable: 'DoNotSchedule',
      labelSelector,
      minDomains: 1,
      nodeAffinityPolicy: 'Honor',
      nodeTaintsPolicy: 'Honor',
      matchLabelKeys: ['a'],
    },
  ],
  terminationGracePeriodSeconds: 30,
  dnsPolicy: 'Default',
  dnsConfig: { nameservers: ['1.1.1.1'], searches: ['a'], options: [{ name: 'ndots', value: '2' }] },
}

/** The template with one value, at any depth, replaced by each of these; or gone. */
function* mutants(value: unknown): Generator<unknown> {
  for (const other of [3, 0.5, 'a', true, {}, [], [{}], [3], { a: {} }]) yield other
  if (typeof value !== 'object' || value === null) return
  for (const key of Object.keys(value)) {
    const inner = (value as Record<string, unknown>)[key]
    for (const change of mutants(inner)) yield replaced(value, key, change)
    if (!Array.isArray(value)) yield replaced(value, key, undefined)
  }
}

function replaced(value: object, key: string, inner: unknown): unknown {
  return Array.isArray(value) ? value.with(Number(key), inner) : { ...value, [key]: inner }
}

const judged = (given: unknown) => {
  const parent = {
    apiVersion: 'core.openfunction.io/v1beta1',
    kind: 'Function',
    metadata: { name: 'orders', namespace: 'shop' },
    spec: { image: 'a', serving: { runtime: 'knative', template: given } },
  }
  return acceptFunction(JSON.parse(JSON.stringify(parent)) as KubeObject, { settings, checkShape })
}

test('every field is accepted', () => {
  expect(judged(template)).toMatchObject({ kind: 'accepted' })
})

test('what is accepted is valid, whatever value is wrong', () => {
  const counts = { accepted: 0, rejected: 0 }
  for (const mutant of mutants(template)) {
    const verdict = judged(mutant)
    counts[verdict.kind] += 1
    if (verdict.kind === 'rejected') continue
    const [deployment] = renderChildren(verdict.fn, settings).filter(({ kind }) => kind === 'Deployment')
    expect(() => new Deployment(JSON.parse(JSON.stringify(deployment))).validate()).not.toThrow()
  }
  expect(counts.accepted).toBeGreaterThan(200)
  expect(counts.rejected).toBeGreaterThan(1000)
})

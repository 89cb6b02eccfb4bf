import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { KubeObject } from '../../shared/k8s.ts'
import { acceptFunction } from '../accept.ts'
import { defaultSettings } from '../settings.ts'
import { compileShape } from './schema.ts'

const crd = readFileSync(new URL('../../../metacontroller/crd/functions.yaml', import.meta.url), 'utf8')
const checkShape = compileShape(crd)

interface Change {
  readonly name?: string
  readonly namespace?: string
  readonly annotations?: Record<string, string>
  readonly spec?: object
  readonly serving?: object
}

function functionWith({ name = 'orders', namespace = 'shop', annotations, spec, serving }: Change): KubeObject {
  const inputs = [{ name: 'in', component: 'bus', topic: 't' }]
  return {
    apiVersion: 'core.openfunction.io/v1beta1',
    kind: 'Function',
    metadata: { name, namespace, ...(annotations && { annotations }) },
    spec: { image: 'example/orders:v1', serving: { runtime: 'async', inputs, ...serving }, ...spec },
  }
}

function problemsOf(change: Change): Record<string, string> {
  const verdict = acceptFunction(functionWith(change), { settings: defaultSettings, checkShape })
  return verdict.kind === 'accepted'
    ? {}
    : Object.fromEntries(verdict.problems.map(({ field, message }) => [field, message]))
}

const template = (pod: object): Change => ({ serving: { template: pod } })
const container = (fields: object): Change => template({ containers: [{ name: 'function', ...fields }] })
const component = { type: 'pubsub.redis', version: 'v1', metadata: [] }
const text = (characters: number): string => 'a'.repeat(characters)

describe('a valid Function', () => {
  test.each<[string, Change]>([
    ['of a plain kind', {}],
    ['with the longest name', { name: text(57), serving: { annotations: { 'dapr.io/app-id': 'short' } } }],
    ['with the longest app-id', { serving: { annotations: { 'dapr.io/app-id': text(58) } } }],
    [
      'with a long default app-id but no Dapr',
      { name: text(57), namespace: 'shop', spec: { serving: { runtime: 'knative' } } },
    ],
    ['with a null field in its template', template({ volumes: null, containers: [{ name: 'function', env: null }] })],
    [
      'with volumes of harmless kinds',
      template({
        volumes: [
          { name: 'a', emptyDir: {} },
          { name: 'b', secret: { secretName: 's' } },
        ],
      }),
    ],
    ['that says it wants no privilege', container({ securityContext: { privileged: false } })],
  ])('%s is accepted', (_, change) => {
    expect(problemsOf(change)).toEqual({})
  })
})

describe('a wrong field is named', () => {
  test.each<[string, Change]>([
    ['metadata.name', { name: text(58), serving: { annotations: { 'dapr.io/app-id': 'short' } } }],
    ['metadata.name', { name: '1st' }],
    ['metadata.name', { name: 'orders-proxy' }],
    ['metadata.name', { name: 'or.ders' }],
    ['spec.image', { spec: { image: undefined } }],
    ['spec.image', { spec: { image: '' } }],
    ['spec.port', { spec: { port: 0 } }],
    ['spec.port', { spec: { port: 65536 } }],
    ['spec.port', { spec: { port: '8080' } }],
    [
      'spec.port',
      { spec: { port: 3500 }, serving: { annotations: { 'openfunction.io/dapr-service-mode': 'sidecar' } } },
    ],
    ['spec.version', { spec: { version: 'v1+build' } }],
    ['spec.serving', { spec: { serving: 'yes' } }],
    ['spec.serving.runtime', { serving: { runtime: 'keda' } }],
    ['spec.serving.runtime', { serving: { runtime: undefined } }],
    ['spec.serving.inputs', { serving: { inputs: [] } }],
    ['spec.serving.inputs[0].component', { serving: { inputs: [{ name: 'in' }] } }],
    ['spec.serving.inputs[0].component', { serving: { inputs: [{ name: 'in', component: 'Not A Name' }] } }],
    [
      'spec.serving.inputs[0].component',
      { serving: { pubsub: { bus: component }, bindings: { bus: { ...component, type: 'bindings.cron' } } } },
    ],
    [
      'spec.serving.inputs[0].topic',
      { serving: { inputs: [{ name: 'in', component: 'bus' }], pubsub: { bus: component } } },
    ],
    [
      'spec.serving.outputs[1].name',
      {
        serving: {
          outputs: [
            { name: 'a', component: 'x' },
            { name: 'a', component: 'y' },
          ],
        },
      },
    ],
    ['spec.serving.pubsub.bus.version', { serving: { pubsub: { bus: { type: 'pubsub.redis', metadata: [] } } } }],
    ['spec.serving.pubsub.Bus', { serving: { pubsub: { Bus: component } } }],
    [
      'spec.serving.pubsub.bus.metadata[1]',
      {
        serving: {
          pubsub: {
            bus: {
              ...component,
              metadata: [
                { name: 'a', value: 1 },
                { name: 'a', value: 2 },
              ],
            },
          },
        },
      },
    ],
    [
      'spec.serving.inputs[0].params.deadLetterTopic',
      { serving: { inputs: [{ name: 'in', component: 'bus', topic: 't', params: { deadLetterTopic: 't' } }] } },
    ],
    [
      'spec.serving.inputs[1].params.deadLetterTopic',
      {
        serving: {
          inputs: [
            { name: 'a', component: 'bus', topic: 't', params: { deadLetterTopic: 'dead' } },
            { name: 'b', component: 'bus', topic: 'u' },
          ],
        },
      },
    ],
    ['spec.serving.states.cart.type', { serving: { states: { cart: component } } }],
    ['spec.serving.scaleOptions.minReplicas', { serving: { scaleOptions: { minReplicas: -1 } } }],
    ['spec.serving.params[]', { serving: { params: { '': 'x' } } }],
    ['spec.imageCredentials.name', { spec: { imageCredentials: { name: 'Bad_Name' } } }],
    ['spec.serving.labels[team]', { serving: { labels: { team: 'a team' } } }],
    ['spec.serving.labels[a b]', { serving: { labels: { 'a b': 'c' } } }],
    ['spec.serving.annotations[/x]', { serving: { annotations: { '/x': '' } } }],
    ['spec.serving.annotations[dapr.io/app-id]', { serving: { annotations: { 'dapr.io/app-id': text(59) } } }],
    ['spec.serving.annotations[dapr.io/app-id]', { serving: { annotations: { 'dapr.io/app-id': 'My.App' } } }],
    ['spec.serving.annotations[dapr.io/app-id]', { name: text(57), namespace: 'shop' }],
    ['spec.serving.annotations[dapr.io/app-protocol]', { serving: { annotations: { 'dapr.io/app-protocol': 'h2c' } } }],
    [
      'spec.serving.annotations[dapr-proxy/replica-ca]',
      { serving: { annotations: { 'dapr-proxy/replica-ca': 'The CA' } } },
    ],
    [
      'spec.serving.annotations[openfunction.io/dapr-service-mode]',
      { serving: { annotations: { 'openfunction.io/dapr-service-mode': 'x' } } },
    ],
    ['metadata.annotations.plugins', { annotations: { plugins: 5 as unknown as string } }],
    ['metadata.annotations[plugins]', { annotations: { plugins: 'order: one' } }],
    ['metadata.annotations[plugins]', { annotations: { plugins: '{' } }],
    ['metadata.annotations[dapr-proxy/selector]', { annotations: { 'dapr-proxy/selector': 'app' } }],
    ['metadata.annotations[dapr-proxy/selector]', { annotations: { 'dapr-proxy/selector': 'app=a b' } }],
    ['metadata.annotations[plugins.tracing]', { annotations: { 'plugins.tracing': 'enabled: true' } }],
  ])('%s', (field, change) => {
    expect(Object.keys(problemsOf(change))).toEqual([field])
  })
})

describe('a template is refused as a whole', () => {
  const at = 'spec.serving.template'
  test.each<[string, Change]>([
    [`${at}.hostNetwork`, template({ hostNetwork: true })],
    [`${at}.hostPID`, template({ hostPID: false })],
    [`${at}.serviceAccountName`, template({ serviceAccountName: 'admin' })],
    [`${at}.nodeName`, template({ nodeName: 'n' })],
    [`${at}.shareProcessNamespace`, template({ shareProcessNamespace: true })],
    [`${at}.runtimeClassName`, template({ runtimeClassName: 'x' })],
    [`${at}.constructor`, template({ constructor: {} })],
    [`${at}.__proto__`, template(JSON.parse('{"__proto__": {"hostNetwork": true}}'))],
    [`${at}.securityContext.sysctls`, template({ securityContext: { sysctls: [] } })],
    [`${at}.volumes[0].hostPath`, template({ volumes: [{ name: 'h', hostPath: { path: '/' } }] })],
    [`${at}.volumes[0].csi`, template({ volumes: [{ name: 'h', csi: {} }] })],
    [
      `${at}.initContainers[0].securityContext.privileged`,
      template({ initContainers: [{ name: 'i', securityContext: { privileged: true } }] }),
    ],
    [`${at}.containers[0].restartPolicy`, container({ restartPolicy: 'Always' })],
    [
      `${at}.initContainers[0].restartPolicy`,
      template({ initContainers: [{ name: 'i', image: 'x', restartPolicy: 'Never' }] }),
    ],
    [`${at}.containers[0].ports[0].hostPort`, container({ ports: [{ containerPort: 80, hostPort: 80 }] })],
    [
      `${at}.containers[0].securityContext.capabilities.add`,
      container({ securityContext: { capabilities: { add: ['SYS_ADMIN'] } } }),
    ],
    [
      `${at}.containers[0].securityContext.allowPrivilegeEscalation`,
      container({ securityContext: { allowPrivilegeEscalation: true } }),
    ],
    [
      `${at}.containers[0].securityContext.seccompProfile.type`,
      container({ securityContext: { seccompProfile: { type: 'Unconfined' } } }),
    ],
    [
      `${at}.containers[0].volumeMounts[0].mountPropagation`,
      container({ volumeMounts: [{ name: 'a', mountPath: '/a', mountPropagation: 'Bidirectional' }] }),
    ],
    [`${at}.containers[0].env[0].name`, container({ env: [{ value: 'x' }] })],
    [`${at}.containers[0].env[0].name`, container({ env: [{ name: '' }] })],
    [`${at}.containers[0].ports[0].containerPort`, container({ ports: [{ containerPort: 70000 }] })],
    [`${at}.containers[0].imagePullPolicy`, container({ imagePullPolicy: 'Sometimes' })],
    [`${at}.containers[0].name`, template({ containers: [{ name: 'Up_per', image: 'x' }] })],
    [`${at}.containers[1].image`, template({ containers: [{ name: 'function' }, { name: 'b' }] })],
    [`${at}.containers[0].env[0].valueFrom`, container({ env: [{ name: 'A', valueFrom: 'x' }] })],
    [
      `${at}.containers[0].env[0].valueFrom.secretKeyRef.key`,
      container({ env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 's' } } }] }),
    ],
    [
      `${at}.containers[0].envFrom[0].secretRef.optional`,
      container({ envFrom: [{ secretRef: { name: 's', optional: 1 } }] }),
    ],
    [`${at}.containers[0].resources.limits[cpu]`, container({ resources: { limits: { cpu: {} } } })],
    [`${at}.containers[0].resources.limits[memory]`, container({ resources: { limits: { memory: 'much' } } })],
    [`${at}.containers[0].resources.limit`, container({ resources: { limit: { cpu: 1 } } })],
    [`${at}.containers[0].livenessProbe.httpGet.port`, container({ livenessProbe: { httpGet: { port: [80] } } })],
    [`${at}.containers[0].livenessProbe.exec.command`, container({ livenessProbe: { exec: { command: 'true' } } })],
    [`${at}.volumes[0].secret.secretName`, template({ volumes: [{ name: 'a', secret: {} }] })],
    [
      `${at}.volumes[0].projected.sources[0].configMap.items[0].path`,
      template({
        volumes: [{ name: 'a', projected: { sources: [{ configMap: { name: 'c', items: [{ key: 'k' }] } }] } }],
      }),
    ],
    [`${at}.affinity`, template({ affinity: 3 })],
    [`${at}.affinity.podAffinity`, template({ affinity: { podAffinity: [] } })],
    [`${at}.tolerations[0].tolerationSeconds`, template({ tolerations: [{ tolerationSeconds: '5' }] })],
    [`${at}.nodeSelector[disk]`, template({ nodeSelector: { disk: true } })],
    [
      `${at}.topologySpreadConstraints[0].maxSkew`,
      template({ topologySpreadConstraints: [{ topologyKey: 'a', whenUnsatisfiable: 'ScheduleAnyway' }] }),
    ],
    [`${at}.dnsConfig.nameservers`, template({ dnsConfig: { nameservers: '1.1.1.1' } })],
    [`${at}.containers[0]`, template({ containers: [null] })],
    [`${at}.containers`, template({ containers: { function: {} } })],
    [
      `${at}.containers`,
      template({
        containers: [
          { name: 'a', image: 'x' },
          { name: 'a', image: 'x' },
        ],
      }),
    ],
    [
      `${at}.containers[0].ports[1]`,
      container({
        ports: [
          { containerPort: 53, protocol: 'TCP' },
          { containerPort: 53, protocol: 'UDP' },
        ],
      }),
    ],
    [at, { serving: { template: 'x' } }],
  ])('%s', (field, change) => {
    expect(Object.keys(problemsOf(change))).toEqual([field])
  })
})

test('all problems are reported at once, each with a remedy', () => {
  const problems = problemsOf({
    name: 'a-proxy',
    spec: { version: 'a b' },
    serving: {
      inputs: [
        { name: 'in', component: 'bus', topic: 't' },
        { name: 'in', component: '!' },
      ],
      template: { hostIPC: true },
    },
  })

  expect(Object.keys(problems)).toEqual([
    'metadata.name',
    'spec.serving.template.hostIPC',
    'spec.version',
    'spec.serving.inputs[1].component',
    'spec.serving.inputs[1].name',
  ])
})

test('the name and the template are judged even where the shape is wrong', () => {
  const fields = Object.keys(
    problemsOf({ name: 'a-proxy', spec: { image: 5 }, serving: { template: { hostIPC: true } } }),
  )

  expect(fields).toEqual(['spec.image', 'metadata.name', 'spec.serving.template.hostIPC'])
})

test('unknown fields are refused only where asked for', () => {
  const object = functionWith({ serving: { input: [] } })

  expect(checkShape(object)).toEqual([])
  expect(compileShape(crd, 'refuse')(object).map(({ field }) => field)).toEqual(['spec.serving.input'])
})

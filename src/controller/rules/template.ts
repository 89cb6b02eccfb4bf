// What a Function may ask of its pods. It is created with Metacontroller's rights, so what is not listed is refused.

import type { Problem } from '../../shared/func-context.ts'
import type { Settings } from '../settings.ts'
import { isDnsLabel, isVariableName } from './names.ts'

type Shape = (value: unknown, field: string) => Problem[]

const ofType =
  (isRight: (value: unknown) => boolean, wanted: string): Shape =>
  (value, field) =>
    isRight(value) ? [] : [{ field, message: `must be ${wanted}` }]

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const text = ofType((value) => typeof value === 'string', 'a string')
const whole = ofType(Number.isSafeInteger, 'a whole number')
const port = ofType(
  (value) => Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= 65535,
  'a port from 1 to 65535',
)
const label = ofType((value) => isDnsLabel(value), 'at most 63 characters, each a-z, 0-9 or "-"')
const variable = ofType(isVariableName, 'the name of a variable, without "="')
const flag = ofType((value) => typeof value === 'boolean', 'true or false')
const map = ofType(isMap, 'a map')
const list = ofType(Array.isArray, 'a list')

const anything: Shape = () => []

const oneOf = (...choices: readonly string[]): Shape =>
  ofType((value) => choices.includes(value as string), `one of ${choices.join(', ')}`)

const only =
  (allowed: string | boolean): Shape =>
  (value, field) =>
    value === allowed ? [] : [{ field, message: `may only be ${JSON.stringify(allowed)}; remove it` }]

const each =
  (shape: Shape): Shape =>
  (value, field) =>
    Array.isArray(value) ? value.flatMap((item, index) => shape(item, `${field}[${index}]`)) : list(value, field)

/** A map with these fields and no others. */
const fields =
  (table: Readonly<Record<string, Shape>>, ...required: string[]): Shape =>
  (value, field) => {
    if (!isMap(value)) return map(value, field)
    const missing = required.filter((key) => value[key] === undefined || value[key] === null)
    return [
      ...missing.map((key) => ({ field: `${field}.${key}`, message: 'is missing; add it' })),
      ...Object.entries(value).flatMap(([key, inner]) => {
        const shape = Object.hasOwn(table, key) ? table[key] : undefined
        if (inner === null) return []
        return shape ? shape(inner, `${field}.${key}`) : [{ field: `${field}.${key}`, message: refusal }]
      }),
    ]
  }

const refusal = 'is not allowed in the template of a Function; remove it'

const identity: Readonly<Record<string, Shape>> = {
  runAsUser: whole,
  runAsGroup: whole,
  runAsNonRoot: flag,
  seccompProfile: fields({ type: only('RuntimeDefault') }, 'type'),
}

const containerSecurity = fields({
  ...identity,
  allowPrivilegeEscalation: only(false),
  privileged: only(false),
  readOnlyRootFilesystem: flag,
  capabilities: fields({ drop: each(text) }),
})

// No host: the node, which makes the call, reaches what the pod does not.
const call = fields({ path: text, port: anything, scheme: text, httpHeaders: each(map) }, 'port')
const handlers = { httpGet: call, tcpSocket: fields({ port: anything }, 'port'), exec: map, grpc: map, sleep: map }
const probe = fields({
  ...handlers,
  initialDelaySeconds: whole,
  timeoutSeconds: whole,
  periodSeconds: whole,
  successThreshold: whole,
  failureThreshold: whole,
  terminationGracePeriodSeconds: whole,
})

const container = fields(
  {
    name: label,
    image: text,
    imagePullPolicy: oneOf('Always', 'IfNotPresent', 'Never'),
    command: each(text),
    args: each(text),
    workingDir: text,
    env: each(fields({ name: variable, value: text, valueFrom: map }, 'name')),
    envFrom: each(map),
    ports: each(fields({ name: text, containerPort: port, protocol: oneOf('TCP', 'UDP', 'SCTP') }, 'containerPort')),
    resources: map,
    // No mountPropagation: it reaches into the node.
    volumeMounts: each(
      fields({ name: text, mountPath: text, subPath: text, subPathExpr: text, readOnly: flag }, 'name', 'mountPath'),
    ),
    livenessProbe: probe,
    readinessProbe: probe,
    startupProbe: probe,
    lifecycle: fields({ preStop: fields(handlers), postStart: fields(handlers) }),
    restartPolicy: text,
    terminationMessagePath: text,
    terminationMessagePolicy: text,
    securityContext: containerSecurity,
  },
  'name',
)

const volume = fields(
  { name: label, emptyDir: map, secret: map, configMap: map, projected: map, persistentVolumeClaim: map },
  'name',
)

const podFields: Readonly<Record<string, Shape>> = {
  containers: each(container),
  initContainers: each(container),
  volumes: each(volume),
  imagePullSecrets: each(fields({ name: text }, 'name')),
  securityContext: fields({
    ...identity,
    fsGroup: whole,
    fsGroupChangePolicy: text,
    supplementalGroups: each(whole),
  }),
  nodeSelector: map,
  tolerations: each(map),
  affinity: map,
  topologySpreadConstraints: each(map),
  terminationGracePeriodSeconds: whole,
  automountServiceAccountToken: flag,
  enableServiceLinks: flag,
  dnsPolicy: text,
  dnsConfig: map,
  restartPolicy: only('Always'),
}

const field = 'spec.serving.template'

/** An account lends its rights to the pod, so the platform's operator says which ones a template may name. */
const account =
  (allowed: readonly string[]): Shape =>
  (value, at) => {
    if (allowed.includes(value as string)) return []
    const remedy = allowed.length === 0 ? 'remove it' : `use one of ${allowed.join(', ')}`
    return [{ field: at, message: `is not allowed by the platform's settings (function.serviceAccounts); ${remedy}` }]
  }

/** Judges any value that stands for a template. */
export function checkTemplate(template: unknown, settings: Settings): Problem[] {
  const { serviceAccounts, templateFields } = settings.function
  const more = Object.fromEntries(templateFields.map((name) => [name, anything]))
  const pod = fields({ ...more, ...podFields, serviceAccountName: account(serviceAccounts) })
  const problems = template === undefined || template === null ? [] : pod(template, field)
  return problems.length > 0 ? problems : [...doubles(template), ...images(template)]
}

/** The Function says the image of its own container; the others must say theirs. */
function images(template: unknown): Problem[] {
  const lists = (template ?? {}) as Record<string, { name: string; image?: string }[] | undefined>
  return ['containers', 'initContainers'].flatMap((key) =>
    (lists[key] ?? []).flatMap(({ name, image }, index) => {
      const isOwn = key === 'containers' && name === 'function'
      return isOwn || image ? [] : [{ field: `${field}.${key}[${index}].image`, message: 'is missing; add it' }]
    }),
  )
}

/** Containers of one name, and ports of one number, would be merged into one by Metacontroller. */
function doubles(template: unknown): Problem[] {
  const lists = (template ?? {}) as Record<string, readonly Named[] | null | undefined>
  const containers = ['initContainers', 'containers'].flatMap((key) =>
    (lists[key] ?? []).map((container, index) => ({ ...container, at: `${field}.${key}[${index}]` })),
  )
  const ports = containers.filter(({ ports }) => double((ports ?? []).map(({ containerPort }) => containerPort)))
  return [
    ...(double(containers.map(({ name }) => name))
      ? [{ field: `${field}.containers`, message: 'has two containers of one name; rename one' }]
      : []),
    ...ports.map(({ at }) => ({
      field: `${at}.ports`,
      message: 'has one number twice; for TCP and UDP take two numbers, or leave one of them out',
    })),
  ]
}

interface Named {
  readonly name: string
  readonly ports?: readonly { readonly containerPort: number }[] | null
}

const double = (values: readonly unknown[]): boolean => new Set(values).size < values.length

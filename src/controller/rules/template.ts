// What a Function may ask of its pods. It is created with Metacontroller's rights, so what is not listed is refused.

import type { Problem } from '../../shared/func-context.ts'
import type { Settings } from '../settings.ts'
import { isDnsLabel, isVariableName } from './names.ts'
import { placement } from './placement.ts'
import { envFrom, handlers, port, resources, valueFrom, volumeKinds } from './pod-parts.ts'
import { anything, each, fields, flag, ofType, oneOf, only, type Shape, text, whole } from './shape.ts'

const label = ofType((value) => isDnsLabel(value), 'at most 63 characters, each a-z, 0-9 or "-"')
const variable = ofType(isVariableName, 'the name of a variable, without "="')

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

const probe = fields({
  ...handlers,
  initialDelaySeconds: whole,
  timeoutSeconds: whole,
  periodSeconds: whole,
  successThreshold: whole,
  failureThreshold: whole,
  terminationGracePeriodSeconds: whole,
})

const container: Readonly<Record<string, Shape>> = {
  name: label,
  image: text,
  imagePullPolicy: oneOf('Always', 'IfNotPresent', 'Never'),
  command: each(text),
  args: each(text),
  workingDir: text,
  env: each(fields({ name: variable, value: text, valueFrom }, 'name')),
  envFrom,
  ports: each(fields({ name: text, containerPort: port, protocol: oneOf('TCP', 'UDP', 'SCTP') }, 'containerPort')),
  resources,
  // No mountPropagation: it reaches into the node.
  volumeMounts: each(
    fields({ name: text, mountPath: text, subPath: text, subPathExpr: text, readOnly: flag }, 'name', 'mountPath'),
  ),
  livenessProbe: probe,
  readinessProbe: probe,
  startupProbe: probe,
  lifecycle: fields({ preStop: fields(handlers), postStart: fields(handlers) }),
  terminationMessagePath: text,
  terminationMessagePolicy: oneOf('File', 'FallbackToLogsOnError'),
  securityContext: containerSecurity,
}

const volume = fields({ name: label, ...volumeKinds }, 'name')

const podFields: Readonly<Record<string, Shape>> = {
  containers: each(fields(container, 'name')),
  // Only these may say when they are started again: Always makes one a sidecar.
  initContainers: each(fields({ ...container, restartPolicy: only('Always') }, 'name')),
  volumes: each(volume),
  imagePullSecrets: each(fields({ name: text }, 'name')),
  securityContext: fields({
    ...identity,
    fsGroup: whole,
    fsGroupChangePolicy: oneOf('OnRootMismatch', 'Always'),
    supplementalGroups: each(whole),
  }),
  ...placement,
  terminationGracePeriodSeconds: whole,
  automountServiceAccountToken: flag,
  enableServiceLinks: flag,
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

/** Containers of one name would be merged into one by Metacontroller. */
function doubles(template: unknown): Problem[] {
  const { initContainers = [], containers = [] } = (template ?? {}) as Record<string, { name: string }[] | undefined>
  const names = [...(initContainers ?? []), ...(containers ?? [])].map(({ name }) => name)
  return new Set(names).size === names.length
    ? []
    : [{ field: `${field}.containers`, message: 'has two containers of one name; rename one' }]
}

// Names, labels and annotation keys that Kubernetes or Dapr would refuse in a child.

import type { Problem } from '../../shared/func-context.ts'
import type { TextMap } from '../../shared/k8s.ts'
import { annotation } from '../annotations.ts'
import { describeFunction, type FunctionObject } from '../function.ts'

// `<function>-proxy` must be a DNS label of at most 63 characters.
const longestName = 57
// `<app-id>-dapr` must be: Dapr's operator makes a Service of that name.
const longestAppId = 58

const dns1035 = /^[a-z]([-a-z0-9]*[a-z0-9])?$/
const dns1123 = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
const labelValue = /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/
const keyName = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/

/** The name alone, which can be judged whatever the spec looks like. */
export function checkName({ metadata: { name } }: FunctionObject): Problem[] {
  const field = 'metadata.name'
  if (!dns1035.test(name) || name.length > longestName) {
    const message = `must begin with a letter and have at most ${longestName} characters, each a-z, 0-9 or "-"; rename the Function`
    return [{ field, message }]
  }
  if (!name.endsWith('-proxy')) return []
  return [{ field, message: 'ends in "-proxy", which names the proxy of another Function; rename the Function' }]
}

export function checkNames(object: FunctionObject): Problem[] {
  return [
    ...appId(object),
    ...podSelector(object),
    ...replicaCa(object),
    ...version(object),
    ...labels(object),
    ...annotationKeys(object),
    ...others(object),
  ]
}

function appId(object: FunctionObject): Problem[] {
  const { mode, appId, serving } = describeFunction(object)
  const field = `spec.serving.annotations[${annotation.appId}]`
  const isTooLong = appId.length > longestAppId
  if (mode === 'none') return []
  if (serving.annotations?.[annotation.appId] === undefined) {
    const message = `is missing, and the default <name>-<namespace> has ${appId.length} characters; give an app-id of at most ${longestAppId}`
    return isTooLong ? [{ field, message }] : []
  }
  const message = `must have 1 to ${longestAppId} characters, each a-z, 0-9 or "-"; give a shorter or plainer app-id`
  return isTooLong || !dns1123.test(appId) ? [{ field, message }] : []
}

/** `app=orders,tier=back`: pods of another operator, for the decorator. */
function podSelector({ metadata }: FunctionObject): Problem[] {
  const text = metadata.annotations?.[annotation.selector]
  const isPair = ([key = '', value, ...rest]: readonly string[]) =>
    rest.length === 0 && isQualifiedName(key) && value !== undefined && isLabelValue(value)
  if (text === undefined || text.split(',').every((pair) => isPair(pair.trim().split('=')))) return []
  return [
    {
      field: `metadata.annotations[${annotation.selector}]`,
      message: 'is no list of labels; write app=orders,tier=back',
    },
  ]
}

function replicaCa({ spec }: FunctionObject): Problem[] {
  const name = spec.serving?.annotations?.[annotation.replicaCa]
  if (name === undefined || isSubdomain(name)) return []
  const message = 'is no name of a ConfigMap; give that of one with the CA in ca.crt'
  return [{ field: `spec.serving.annotations[${annotation.replicaCa}]`, message }]
}

function version({ spec }: FunctionObject): Problem[] {
  if (isLabelValue(spec.version ?? '')) return []
  return [{ field: 'spec.version', message: `becomes a label: ${labelRemedy}` }]
}

function labels({ spec }: FunctionObject): Problem[] {
  const map = spec.serving?.labels ?? {}
  const values = Object.entries(map).filter(([, value]) => !isLabelValue(value))
  return [
    ...keys(map, 'spec.serving.labels'),
    ...values.map(([key]) => ({ field: `spec.serving.labels[${key}]`, message: `is no label value: ${labelRemedy}` })),
  ]
}

const annotationKeys = ({ spec }: FunctionObject): Problem[] =>
  keys(spec.serving?.annotations ?? {}, 'spec.serving.annotations')

function others({ spec }: FunctionObject): Problem[] {
  const params = Object.keys(spec.serving?.params ?? {}).filter((name) => !isVariableName(name))
  const secret = spec.imageCredentials?.name ?? ''
  return [
    ...params.map((name) => ({
      field: `spec.serving.params[${name}]`,
      message: 'is no name of a variable; rename it',
    })),
    ...(secret === '' || isSubdomain(secret)
      ? []
      : [{ field: 'spec.imageCredentials.name', message: 'is no name of a Secret; use a-z, 0-9, "-" and "." alone' }]),
  ]
}

const labelRemedy = 'give at most 63 letters, digits, "-", "_" or ".", with a letter or digit at both ends'

const isLabelValue = (value: string): boolean => value.length <= 63 && labelValue.test(value)

function keys(map: TextMap, field: string): Problem[] {
  const message = 'is no valid key; write name or example.org/name'
  return Object.keys(map)
    .filter((key) => !isQualifiedName(key))
    .map((key) => ({ field: `${field}[${key}]`, message }))
}

function isQualifiedName(key: string): boolean {
  const parts = key.split('/')
  const name = parts.pop() ?? ''
  const prefix = parts.join('/')
  if (!keyName.test(name) || name.length > 63) return false
  return parts.length === 0 || (prefix.length <= 253 && isSubdomain(prefix))
}

/** A DNS-1123 subdomain: what most objects of Kubernetes may be called. */
export const isSubdomain = (text: string): boolean =>
  text.length <= 253 && text.split('.').every((label) => dns1123.test(label))

/** What a container, a volume or an app-id may be called. */
export const isDnsLabel = (value: unknown): value is string =>
  typeof value === 'string' && value.length <= 63 && dns1123.test(value)

/** What Kubernetes takes for the name of an environment variable. */
export const isVariableName = (value: unknown): value is string => typeof value === 'string' && /^[^\s=]+$/.test(value)

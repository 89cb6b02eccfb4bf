// Parts of a pod that pass as they are written: their fields, as Kubernetes knows them (core/v1). With another shape the API server would
// refuse the whole workload, or drop what it does not know, and the Function would not say why.

import { isQuantity } from '../quantity.ts'
import { each, fields, flag, mapOf, ofType, oneOf, text, whole } from './shape.ts'

export const port = ofType((value) => isPort(value), 'a port from 1 to 65535')
const isPort = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= 65535
const portOrName = ofType((value) => isPort(value) || typeof value === 'string', 'a port from 1 to 65535, or its name')

const quantity = ofType(isQuantity, 'a quantity, such as 100m or 64Mi')

const optional = { optional: flag }
const key = fields({ name: text, key: text, ...optional }, 'name', 'key')
const object = fields({ name: text, ...optional }, 'name')
const podField = fields({ apiVersion: text, fieldPath: text }, 'fieldPath')
const containerResource = fields({ containerName: text, resource: text, divisor: quantity }, 'resource')

export const valueFrom = fields({
  fieldRef: podField,
  resourceFieldRef: containerResource,
  secretKeyRef: key,
  configMapKeyRef: key,
})
export const envFrom = each(fields({ prefix: text, secretRef: object, configMapRef: object }))

export const resources = fields({ limits: mapOf(quantity), requests: mapOf(quantity) })

// No host: the node, which makes the call, reaches what the pod does not.
const call = {
  path: text,
  port: portOrName,
  scheme: oneOf('HTTP', 'HTTPS'),
  httpHeaders: each(fields({ name: text, value: text }, 'name', 'value')),
}
export const handlers = {
  httpGet: fields(call, 'port'),
  tcpSocket: fields({ port: portOrName }, 'port'),
  exec: fields({ command: each(text) }),
  grpc: fields({ port, service: text }, 'port'),
  sleep: fields({ seconds: whole }, 'seconds'),
}

const files = { items: each(fields({ key: text, path: text, mode: whole }, 'key', 'path')), ...optional }
const ofPod = fields({ path: text, fieldRef: podField, resourceFieldRef: containerResource, mode: whole }, 'path')
const sources = each(
  fields({
    secret: fields({ name: text, ...files }, 'name'),
    configMap: fields({ name: text, ...files }, 'name'),
    downwardAPI: fields({ items: each(ofPod) }),
    serviceAccountToken: fields({ audience: text, expirationSeconds: whole, path: text }, 'path'),
  }),
)
/** Of volumes, the kinds that reach neither into the node nor beyond the namespace. */
export const volumeKinds = {
  emptyDir: fields({ medium: text, sizeLimit: quantity }),
  secret: fields({ secretName: text, defaultMode: whole, ...files }, 'secretName'),
  configMap: fields({ name: text, defaultMode: whole, ...files }, 'name'),
  projected: fields({ sources, defaultMode: whole }),
  persistentVolumeClaim: fields({ claimName: text, readOnly: flag }, 'claimName'),
}

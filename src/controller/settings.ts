// What the platform's operator decides for the children of every Function: a typed file, with a default for each field.

import { Ajv } from 'ajv'
import { parse } from 'yaml'
import type { Problem } from '../shared/func-context.ts'

/** Quantities as Kubernetes writes them in its canonical form: `100m`, `64Mi`. */
export interface Resources {
  readonly requests?: Readonly<Record<string, string>>
  readonly limits?: Readonly<Record<string, string>>
}

/** The same for the webhook and for a rendering without a cluster. `settingsSchema` says what each field means. */
export interface Settings {
  readonly proxyImage: string
  readonly clusterDomain: string
  readonly proxy: { readonly replicas: number; readonly resources: Resources }
  readonly daprd: { readonly resources: Resources; readonly api: 'declared' | 'all' }
  readonly function: {
    readonly resources: Resources
    readonly podSecurity: 'restricted' | 'baseline'
    readonly serviceAccounts: readonly string[]
    readonly annotations: readonly string[]
    readonly templateFields: readonly string[]
    readonly concurrency: number
    readonly targetCpuPercent: number
  }
  readonly checkSecrets: boolean
  readonly network: { readonly monitoringNamespaces: readonly string[]; readonly syncNamespaces: readonly string[] }
}

const quantity = {
  type: 'string',
  pattern: '^(0|[1-9][0-9]*)(m|k|M|G|T|Ki|Mi|Gi|Ti)?$',
  description: 'In canonical form: 100m, 1, 64Mi.',
}
const quantities = { type: 'object', properties: { cpu: quantity, memory: quantity }, additionalProperties: false }
const resources = (description: string, fallback: Resources) => ({
  type: 'object',
  description,
  default: fallback,
  properties: { requests: quantities, limits: quantities },
  additionalProperties: false,
})
const section = <T extends object>(description: string, properties: T) => ({
  type: 'object',
  description,
  default: {},
  properties,
  additionalProperties: false,
})
const names = (description: string) => ({
  type: 'array',
  description,
  default: [],
  items: { type: 'string', maxLength: 63, pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$' },
  uniqueItems: true,
})

const texts = (description: string) => ({
  type: 'array',
  description,
  default: [],
  items: { type: 'string', minLength: 1 },
  uniqueItems: true,
})

/** JSON Schema of the file that CONTROLLER_CONFIG names. Its descriptions are its documentation. */
export const settingsSchema = section('Platform settings of the controller.', {
  proxyImage: {
    type: 'string',
    minLength: 1,
    default: 'dapr-proxy:0.1.0',
    description: 'Image of the proxy container. The variable PROXY_IMAGE wins.',
  },
  clusterDomain: {
    type: 'string',
    pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$',
    default: 'cluster.local',
    description: "Domain of the cluster's Services. The variable CLUSTER_DOMAIN wins.",
  },
  proxy: section('The proxy of each Function.', {
    replicas: {
      type: 'integer',
      minimum: 1,
      maximum: 10,
      default: 1,
      description: 'Proxy pods of one Function. A Function with a cron or MQTT input gets one in any case.',
    },
    resources: resources('Resources of the proxy container.', {
      requests: { cpu: '20m', memory: '64Mi' },
      limits: { memory: '256Mi' },
    }),
  }),
  daprd: section('The daprd of each Function.', {
    resources: resources('Resources of the daprd container.', {
      requests: { cpu: '50m', memory: '64Mi' },
      limits: { memory: '512Mi' },
    }),
    api: {
      enum: ['declared', 'all'],
      default: 'declared',
      description: "What of Dapr's API a function may call: what its outputs and states need, or everything.",
    },
  }),
  function: section('The function itself, where its template says nothing.', {
    resources: resources('Resources of the function container.', {}),
    podSecurity: {
      enum: ['restricted', 'baseline'],
      default: 'restricted',
      description:
        'restricted: no root, no capabilities, no privilege escalation. baseline: the seccomp profile alone.',
    },
    serviceAccounts: names('ServiceAccounts that a template may name. None by default.'),
    annotations: texts('Annotations that a Function may set though they are refused by default.'),
    templateFields: texts(
      'Fields of a pod that a template may set though they are refused by default, such as runtimeClassName.',
    ),
    concurrency: {
      type: 'integer',
      minimum: 1,
      maximum: 1000,
      default: 10,
      description: 'Events that one replica handles at a time: what inline components are told, times the replicas.',
    },
    targetCpuPercent: {
      type: 'integer',
      minimum: 1,
      maximum: 100,
      default: 80,
      description: 'CPU use that a HorizontalPodAutoscaler aims at, in percent of the request.',
    },
  }),
  checkSecrets: {
    type: 'boolean',
    default: false,
    description:
      'Look whether the Secrets that a Function names are there. Metacontroller must then be allowed to list and watch Secrets.',
  },
  network: section('Whom the NetworkPolicies let in.', {
    monitoringNamespaces: names('Namespaces that may read the metrics of proxy, daprd and functions.'),
    syncNamespaces: names('Namespaces that may call sync functions. Empty: every pod may.'),
  }),
})

const ajv = new Ajv({ allErrors: true, useDefaults: true, strict: false })
const complete = ajv.compile(settingsSchema)

/** All defaults. */
export const defaultSettings: Settings = withDefaults({}) as Settings

function withDefaults(value: unknown): unknown {
  const copy = structuredClone(value)
  complete(copy)
  return copy
}

/** Settings from the text of a YAML or JSON file. Every problem at once; never throws. */
export function parseSettings(
  text: string,
): { readonly settings: Settings } | { readonly problems: readonly Problem[] } {
  let value: unknown
  try {
    value = parse(text, { logLevel: 'error', maxAliasCount: 10 }) ?? {}
  } catch (error) {
    return { problems: [{ field: '', message: `is not YAML: ${(error as Error).message.split('\n')[0]}` }] }
  }
  if (complete(value)) return { settings: value as unknown as Settings }
  return {
    problems: (complete.errors ?? []).map(({ instancePath, keyword, params, message }) => {
      const field = instancePath.split('/').slice(1).join('.')
      if (keyword !== 'additionalProperties') return { field, message: message ?? 'is not valid' }
      const inner = field === '' ? params.additionalProperty : `${field}.${params.additionalProperty}`
      return { field: inner, message: 'is not a setting; mend its name or remove it' }
    }),
  }
}

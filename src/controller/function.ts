// What a Function object says (core.openfunction.io/v1beta1), and what it means once every default is applied.

import type { AppProtocol } from '../shared/app-protocol.ts'
import type { Json, KubeObject, ObjectMeta, TextMap } from '../shared/k8s.ts'
import { annotation } from './annotations.ts'
import { appProtocolOf } from './app-protocol.ts'

export const functionApiVersion = 'core.openfunction.io/v1beta1'

export interface DaprIO {
  readonly name: string
  /** Key of an inline component of this Function, or the name of a Component in the namespace. */
  readonly component: string
  readonly topic?: string
  readonly operation?: string
  readonly params?: TextMap
}

/** The spec of a Dapr Component, as its users write it. */
export interface ComponentSpec {
  readonly type: string
  readonly version: string
  readonly metadata: readonly { readonly [key: string]: Json | undefined }[]
  readonly ignoreErrors?: boolean
  readonly initTimeout?: string
}

export type ComponentMap = Readonly<Record<string, ComponentSpec>>

export interface Container {
  readonly name: string
  readonly env?: readonly EnvVar[]
  readonly ports?: readonly { readonly containerPort: number; readonly [key: string]: unknown }[]
  readonly [key: string]: unknown
}

export interface EnvVar {
  readonly name: string
  readonly value?: string
  readonly valueFrom?: unknown
}

export interface PodTemplate {
  readonly containers?: readonly Container[]
  readonly imagePullSecrets?: readonly { readonly name: string }[]
  readonly automountServiceAccountToken?: boolean
  readonly serviceAccountName?: string
  readonly [key: string]: unknown
}

/** A trigger of KEDA, as its users write it. */
export interface Trigger {
  readonly type: string
  readonly metadata: TextMap
  readonly [key: string]: unknown
}

export interface ScaleOptions {
  readonly minReplicas?: number
  readonly maxReplicas?: number
  readonly knative?: TextMap
  readonly keda?: {
    readonly scaledObject?: {
      readonly workloadType?: 'Deployment' | 'StatefulSet'
      readonly minReplicaCount?: number
      readonly maxReplicaCount?: number
      readonly pollingInterval?: number
      readonly cooldownPeriod?: number
      readonly advanced?: Json
    }
    readonly scaledJob?: {
      readonly restartPolicy?: 'OnFailure' | 'Never'
      readonly maxReplicaCount?: number
      readonly pollingInterval?: number
      readonly successfulJobsHistoryLimit?: number
      readonly failedJobsHistoryLimit?: number
      readonly scalingStrategy?: Json
    }
  }
}

export interface Serving {
  readonly runtime: 'async' | 'knative'
  readonly inputs?: readonly DaprIO[]
  readonly outputs?: readonly DaprIO[]
  readonly bindings?: ComponentMap
  readonly pubsub?: ComponentMap
  readonly states?: ComponentMap
  readonly scaleOptions?: ScaleOptions
  readonly triggers?: readonly Trigger[]
  readonly params?: TextMap
  readonly labels?: TextMap
  readonly annotations?: TextMap
  readonly template?: PodTemplate
  readonly [key: string]: unknown
}

export interface FunctionSpec {
  readonly version?: string
  readonly image: string
  readonly imageCredentials?: { readonly name?: string }
  readonly port?: number
  readonly serving?: Serving
  readonly [key: string]: unknown
}

export interface FunctionObject extends KubeObject {
  readonly spec: FunctionSpec
}

/** `standalone`: Dapr runs beside the proxy. `sidecar`: beside the function. `none`: nowhere. */
export type Mode = 'standalone' | 'sidecar' | 'none'

/** A Function whose defaults are applied. Only a checked object makes one that is worth rendering. */
export interface Fn {
  readonly name: string
  readonly namespace: string
  /** Empty if the Function names none. */
  readonly version: string
  readonly image: string
  /** The port that the function listens on, in every mode. */
  readonly port: number
  readonly mode: Mode
  readonly protocol: AppProtocol
  readonly appId: string
  readonly isAsync: boolean
  /** False if the Function has no `spec.serving`: then it has no children. */
  readonly isServed: boolean
  readonly serving: Serving
  readonly pullSecret: string | undefined
  /** The account that the template names, for the pod with daprd too. */
  readonly serviceAccount: string | undefined
  /** The annotations of the Function itself, which describe plugins and tracing. */
  readonly annotations: TextMap
}

const defaultPort = 8080

/** Applies the defaults. Takes any object of the right shape; `acceptFunction` says whether it may be served. */
export function describeFunction(object: FunctionObject): Fn {
  const { metadata, spec } = object
  const serving: Serving = spec.serving ?? { runtime: 'knative' }
  return {
    name: metadata.name,
    namespace: namespaceOf(metadata),
    version: spec.version ?? '',
    image: spec.image,
    port: spec.port ?? defaultPort,
    mode: modeOf(serving),
    protocol: appProtocolOf(serving.annotations),
    appId: serving.annotations?.[annotation.appId] ?? `${metadata.name}-${namespaceOf(metadata)}`,
    isAsync: serving.runtime === 'async',
    isServed: spec.serving !== undefined,
    serving,
    pullSecret: spec.imageCredentials?.name,
    serviceAccount: serving.template?.serviceAccountName,
    annotations: metadata.annotations ?? {},
  }
}

const namespaceOf = (metadata: ObjectMeta): string => metadata.namespace ?? 'default'

/** OpenFunction's rule: without the annotation, inputs, outputs or states switch Dapr on; any text but "false" does too. */
function modeOf(serving: Serving): Mode {
  const enable = serving.annotations?.[annotation.enableDapr]
  const isUsed = [serving.inputs, serving.outputs, serving.states].some((part) => Object.keys(part ?? {}).length > 0)
  if (enable === 'false' || (enable === undefined && !isUsed)) return 'none'
  return serving.annotations?.[annotation.serviceMode] === 'sidecar' ? 'sidecar' : 'standalone'
}

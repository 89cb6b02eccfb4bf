// Reads rendered Deployments: which one a sidecar belongs to, and the environment of its container.

import type { Env } from '../../shared/env.ts'
import type { KubeObject } from '../../shared/k8s.ts'

export interface Workload {
  readonly name: string
  /** Annotations of its pods. */
  readonly annotations: Readonly<Record<string, string>>
  readonly containers: readonly Container[]
}

export interface Container {
  readonly name: string
  readonly env: readonly EnvEntry[]
}

export interface EnvEntry {
  readonly name: string
  readonly value?: string
  readonly valueFrom?: {
    readonly fieldRef?: { readonly fieldPath?: string }
    readonly secretKeyRef?: { readonly name?: string; readonly key?: string }
    readonly configMapKeyRef?: { readonly name?: string; readonly key?: string }
  }
}

interface DeploymentSpec {
  readonly template?: {
    readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> }
    readonly spec?: { readonly containers?: readonly { readonly name: string; readonly env?: readonly EnvEntry[] }[] }
  }
}

export function workloadsOf(children: readonly KubeObject[]): Workload[] {
  return children
    .filter(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet')
    .map(({ metadata, spec }) => {
      const template = (spec as DeploymentSpec | undefined)?.template
      const containers = template?.spec?.containers ?? []
      return {
        name: metadata.name,
        annotations: template?.metadata?.annotations ?? {},
        containers: containers.map(({ name, env = [] }) => ({ name, env })),
      }
    })
}

export const hasSidecar = ({ annotations }: Workload): boolean => annotations['dapr.io/enabled'] === 'true'

export interface Pod {
  readonly name: string
  readonly namespace: string
}

/**
 * The variables of a container as a pod would see them. What comes from a Secret or ConfigMap is looked up in `outer`
 * under the same name; `missing` is told of those that are not there either.
 */
export function environmentOf(container: Container, pod: Pod, outer: Env, missing: (message: string) => void): Env {
  const env: Record<string, string> = {}
  for (const { name, value, valueFrom } of container.env) {
    const field = valueFrom?.fieldRef?.fieldPath
    const found = valueFrom === undefined ? (value ?? '') : (fieldOf(field, pod) ?? outer[name])
    if (found !== undefined) env[name] = found
    else missing(`${name} comes from ${originOf(valueFrom)}, which is not here; set ${name} in your shell`)
  }
  return env
}

function fieldOf(field: string | undefined, pod: Pod): string | undefined {
  if (field === 'metadata.name') return pod.name
  return field === 'metadata.namespace' ? pod.namespace : undefined
}

function originOf(valueFrom: EnvEntry['valueFrom']): string {
  const { secretKeyRef, configMapKeyRef, fieldRef } = valueFrom ?? {}
  if (secretKeyRef) return `the Secret ${secretKeyRef.name}`
  if (configMapKeyRef) return `the ConfigMap ${configMapKeyRef.name}`
  return fieldRef ? `the pod's ${fieldRef.fieldPath}` : 'elsewhere'
}

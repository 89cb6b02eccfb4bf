// Why each child is there, in one sentence.

import type { KubeObject } from '../shared/k8s.ts'
import type { Fn } from './function.ts'
import type { ChildKind } from './kinds.ts'
import { workloadName } from './names.ts'
import { scalingOf } from './scaling.ts'

type Reason = (fn: Fn, child: KubeObject, isProxy: boolean) => string

const workload: Reason = (fn, _, isProxy) =>
  isProxy ? 'holds the only daprd of the Function, and picks a replica for each event' : `runs ${fn.image}`

const reasons: Readonly<Record<ChildKind, Reason>> = {
  Component: (fn, { metadata }) => {
    const [, kind, ...key] = metadata.name.split('.')
    return `declared in spec.serving.${kind}.${key.join('.')}, for the app-id ${fn.appId} alone`
  },
  Configuration: (fn) =>
    fn.mode === 'standalone'
      ? "closes Dapr's API to all that the Function's outputs and states do not need"
      : 'keeps daprd from starting anew when Resiliencies of others change',
  Deployment: workload,
  HorizontalPodAutoscaler: (fn) =>
    `scales by CPU use up to spec.serving.scaleOptions.maxReplicas (${scalingOf(fn).max})`,
  NetworkPolicy: (_, __, isProxy) =>
    isProxy ? "lets only the function call Dapr's API" : 'lets only those reach the function that send to it',
  PodDisruptionBudget: () => 'a drained node takes one proxy at a time',
  Resiliency: () => 'has daprd deliver again what failed, for longer than the broker waits',
  RoleBinding: () => 'lets the proxy watch where replicas are',
  ScaledJob: (fn) => `starts ${fn.image} for each event`,
  ScaledObject: () => 'scales by spec.serving.triggers',
  Service: (fn, _, isProxy) => {
    if (isProxy) return "where the function finds Dapr's API"
    return fn.isAsync ? 'names the replicas one by one, for the proxy to choose' : 'where the function is called'
  },
  ServiceAccount: () => 'who the proxy is towards the API server',
  StatefulSet: workload,
}

export const explain = (fn: Fn, child: KubeObject): string =>
  reasons[child.kind as ChildKind](fn, child, child.metadata.name === workloadName(fn, 'proxy'))

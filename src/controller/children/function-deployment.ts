// The function itself: the user's pod template with the image, the environment and the Dapr switch of its mode.

import type { KubeObject } from '../../shared/k8s.ts'
import { annotation, daprPodAnnotations, plainPodAnnotations } from '../annotations.ts'
import type { Cluster } from '../cluster.ts'
import { daprAnnotations } from '../dapr-objects.ts'
import type { Container, EnvVar, Fn, PodTemplate, TextMap } from '../function.ts'
import { daprGrpcPort, daprHttpPort, serviceHost } from '../names.ts'
import { contractEnv, deployment, identityEnv } from '../pod.ts'
import type { Settings } from '../settings.ts'
import { pausedWhileWaiting } from '../waiting.ts'

export function functionDeployment(fn: Fn, cluster: Cluster): KubeObject[] {
  const template: PodTemplate = fn.serving.template ?? {}
  const pod = {
    ...template,
    containers: containers(fn, template, cluster.settings),
    imagePullSecrets: pullSecrets(fn, template),
    // daprd in the same pod may need the token, a function alone does not; its template may ask for it.
    ...(fn.mode !== 'sidecar' && { automountServiceAccountToken: template.automountServiceAccountToken ?? false }),
  }
  const workload = { role: 'function' as const, replicas: replicas(fn), annotations: annotations(fn), pod }
  return [deployment(fn, { ...workload, ...(fn.mode === 'sidecar' && pausedWhileWaiting(fn, cluster)) })]
}

/**
 * `minReplicas` of the Function, at least 1, for nothing scales from zero yet. A Function that gives none sends no
 * number at all, so that people and autoscalers may set one; taking `minReplicas` away again resets it to 1.
 */
function replicas(fn: Fn): number | undefined {
  const wanted = fn.serving.scaleOptions?.minReplicas
  return wanted === undefined ? undefined : Math.max(1, wanted)
}

function annotations(fn: Fn): TextMap {
  if (fn.mode !== 'sidecar') return plainPodAnnotations(fn.serving.annotations)
  return daprPodAnnotations(fn.serving.annotations, {
    ...daprAnnotations(fn),
    [annotation.enabled]: 'true',
    [annotation.appId]: fn.appId,
    [annotation.appPort]: String(fn.port),
    [annotation.appProtocol]: fn.protocol,
  })
}

const functionContainer = 'function'

function containers(fn: Fn, template: PodTemplate, settings: Settings): Container[] {
  const given = template.containers ?? []
  const complete = (container: Container): Container => ({
    ...container,
    ...rolloutDefaults(fn, template, container),
    image: fn.image,
    ports: ports(fn, container),
    env: env(fn, container, settings),
  })
  if (given.some(({ name }) => name === functionContainer)) {
    return given.map((container) => (container.name === functionContainer ? complete(container) : container))
  }
  return [complete({ name: functionContainer, imagePullPolicy: 'IfNotPresent' }), ...given]
}

/** Time for senders to learn that a pod goes, before it does. */
const farewellSeconds = 5

/** Without them a rollout sends events and requests to pods that do not listen yet or no more. The template's own win. */
function rolloutDefaults(fn: Fn, template: PodTemplate, given: Container): Partial<Container> {
  const { terminationGracePeriodSeconds: grace } = template
  const graceSeconds = typeof grace === 'number' ? grace : farewellSeconds
  // The API server refuses a sleep that is longer than the grace period, or none at all.
  const seconds = Math.min(farewellSeconds, graceSeconds)
  return {
    ...(!given.readinessProbe && { readinessProbe: { tcpSocket: { port: fn.port }, periodSeconds: 1 } }),
    ...(!given.lifecycle && seconds >= 1 && { lifecycle: { preStop: { sleep: { seconds } } } }),
  }
}

function ports(fn: Fn, { ports: given = [] }: Container): NonNullable<Container['ports']> {
  if (given.some(({ containerPort }) => containerPort === fn.port)) return given
  return [...given, { containerPort: fn.port, protocol: 'TCP' }]
}

/** The template's variables first, then ours, then the params; a later one replaces an earlier one, but never ours. */
function env(fn: Fn, container: Container, settings: Settings): EnvVar[] {
  const ours = [...contractEnv(fn), ...daprEnv(fn, settings), { name: 'PORT', value: String(fn.port) }, ...identityEnv]
  const owned = new Set(ours.map(({ name }) => name))
  const params = Object.entries(fn.serving.params ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => ({ name, value }))
  // One name twice would be merged into one value by Metacontroller.
  const byName = new Map<string, EnvVar>()
  const add = (variable: EnvVar) => {
    byName.delete(variable.name)
    byName.set(variable.name, variable)
  }
  container.env?.filter(({ name }) => !owned.has(name)).forEach(add)
  ours.forEach(add)
  params.filter(({ name }) => !owned.has(name)).forEach(add)
  return [...byName.values()]
}

/** Where Dapr's API is, in all the words that frameworks and SDKs read. */
function daprEnv(fn: Fn, settings: Settings): EnvVar[] {
  if (fn.mode === 'none') return []
  const host = fn.mode === 'sidecar' ? '127.0.0.1' : serviceHost(fn, 'proxy', settings.clusterDomain)
  return [
    { name: 'DAPR_HOST', value: host },
    { name: 'DAPR_HTTP_PORT', value: String(daprHttpPort) },
    { name: 'DAPR_GRPC_PORT', value: String(daprGrpcPort) },
    { name: 'DAPR_SIDECAR_IP', value: host },
    { name: 'DAPR_HTTP_ENDPOINT', value: `http://${host}:${daprHttpPort}` },
    { name: 'DAPR_GRPC_ENDPOINT', value: `${host}:${daprGrpcPort}` },
  ]
}

function pullSecrets(fn: Fn, { imagePullSecrets = [] }: PodTemplate): NonNullable<PodTemplate['imagePullSecrets']> {
  const name = fn.pullSecret
  if (!name || imagePullSecrets.some((secret) => secret.name === name)) return imagePullSecrets
  return [...imagePullSecrets, { name }]
}

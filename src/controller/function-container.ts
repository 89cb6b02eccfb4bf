// The container of the function: the template's own, or one that is added, with what the Function says of it.

import { serializeContextV1beta2 } from './context-v1beta2.ts'
import type { Container, EnvVar, Fn, PodTemplate } from './function.ts'
import { daprGrpcPort, daprHttpPort, serviceHost } from './names.ts'
import { contractEnv, identityEnv, unexpandable } from './pod.ts'
import type { Scaling } from './scaling.ts'
import type { Settings } from './settings.ts'
import { apiToken } from './tokens.ts'

const functionContainer = 'function'

/** `template` is that of the Function, in canonical words. */
export function functionContainers(
  fn: Fn,
  template: PodTemplate,
  settings: Settings,
  workload: Scaling['workload'],
): Container[] {
  const given = template.containers ?? []
  const complete = (container: Container): Container => ({
    ...container,
    // A job ends by itself, and nobody sends to it.
    ...(workload !== 'Job' && rolloutDefaults(fn, template, container)),
    ...safeDefaults(settings, container),
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

/** The template's own win, each as a whole. */
function safeDefaults({ function: settings }: Settings, given: Container): Partial<Container> {
  const isRestricted = settings.podSecurity === 'restricted'
  const securityContext = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } }
  return {
    ...(!given.securityContext && isRestricted && { securityContext }),
    ...(!given.resources && Object.keys(settings.resources).length > 0 && { resources: settings.resources }),
  }
}

function ports(fn: Fn, { ports: given = [] }: Container): NonNullable<Container['ports']> {
  if (given.some(({ containerPort }) => containerPort === fn.port)) return given
  return [...given, { containerPort: fn.port, protocol: 'TCP' }]
}

/** The template's variables first, then ours, then the params; a later one replaces an earlier one, but never ours. */
function env(fn: Fn, container: Container, settings: Settings): EnvVar[] {
  const ours = [
    ...contractEnv(fn),
    { name: 'FUNC_CONTEXT_V1BETA2', value: unexpandable(serializeContextV1beta2(fn)) },
    ...daprEnv(fn, settings),
    { name: 'PORT', value: String(fn.port) },
    ...identityEnv,
  ]
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
    ...apiToken(fn),
  ]
}

// Every annotation that we read or write, and which of a user's annotations reach a pod.

import type { TextMap } from '../shared/k8s.ts'
import { setField } from './fields.ts'
import type { Settings } from './settings.ts'

/** Annotations that we interpret. `source`, `plugins` and `tracing` stand in `metadata`, the others in `spec.serving`. */
export const annotation = {
  enableDapr: 'openfunction.io/enable-dapr',
  serviceMode: 'openfunction.io/dapr-service-mode',
  enabled: 'dapr.io/enabled',
  appId: 'dapr.io/app-id',
  appPort: 'dapr.io/app-port',
  appProtocol: 'dapr.io/app-protocol',
  /** An older word for a protocol over TLS. We pass on the protocol alone. */
  appSsl: 'dapr.io/app-ssl',
  /** ConfigMap with the CA that certificates of the function come from, in `ca.crt`. For the proxy alone. */
  replicaCa: 'dapr-proxy/replica-ca',
  plugins: 'plugins',
  tracing: 'plugins.tracing',
  config: 'dapr.io/config',
  /** Stands for all that daprd reads at its start, so that its pod is replaced when any of that changes. */
  daprObjects: 'dapr-proxy/dapr-objects',
  /** On an object that daprd reads, a mark of its content; on a workload, one of its pod template. */
  content: 'dapr-proxy/content',
  /** Set by the decorator: where the function finds Dapr's API. */
  daprHost: 'dapr-proxy/dapr-host',
  /** Read by the decorator: labels of the function's pods, where another operator makes them. */
  selector: 'dapr-proxy/selector',
  /** Where a run on one machine finds the code. It never reaches a child. */
  source: 'dapr-proxy/source',
} as const

const daprPrefix = 'dapr.io/'

// They would move daprd away from the addresses at which our Services, probes and proxy expect it.
const neverPassed: ReadonlySet<string> = new Set([
  'dapr.io/app-channel-address',
  'dapr.io/app-health-check-path',
  annotation.appSsl,
  // Dapr knows no such annotation; samples of OpenFunction have it.
  'dapr.io/dapr-grpc-port',
  'dapr.io/disable-init-endpoints',
  'dapr.io/enable-app-health-check',
  'dapr.io/grpc-port',
  'dapr.io/internal-grpc-port',
  'dapr.io/metrics-port',
  'dapr.io/sidecar-listen-addresses',
  'dapr.io/unix-domain-socket-path',
  annotation.source,
  annotation.replicaCa,
  annotation.daprObjects,
  annotation.content,
])

const replaced: ReadonlySet<string> = new Set([
  annotation.enabled,
  annotation.appId,
  annotation.appPort,
  annotation.appProtocol,
  'dapr.io/app-health-probe-interval',
  'dapr.io/app-health-probe-timeout',
  'dapr.io/app-health-threshold',
  'dapr.io/block-shutdown-duration',
  'dapr.io/disable-builtin-k8s-secret-store',
  'dapr.io/graceful-shutdown-seconds',
])

/** True for an annotation that we set, or leave out, on every pod, whatever a user says. */
export const isOwned = (key: string): boolean => neverPassed.has(key) || replaced.has(key)

// Of those that we own, what a user says under these is heard, or has a rule of its own.
const heard: ReadonlySet<string> = new Set([
  annotation.enabled,
  annotation.appId,
  annotation.appPort,
  annotation.appProtocol,
  annotation.appSsl,
  annotation.source,
  annotation.replicaCa,
])

/** True for an annotation of a user that has no effect. */
export const isIgnored = (key: string): boolean => isOwned(key) && !heard.has(key)

/** Annotations of a pod with daprd: the platform's defaults, then the user's, then ours, which win. */
export function daprPodAnnotations(user: TextMap | undefined, settings: Settings, ours: TextMap): TextMap {
  return merge({ ...daprdDefaults(settings), ...user }, ours, (key) => !neverPassed.has(key))
}

/** daprd keeps to the restricted Pod Security Standard with this profile; what it may use is the platform's to say. */
function daprdDefaults({ daprd: { resources } }: Settings): TextMap {
  const { requests = {}, limits = {} } = resources
  const named = [
    ['cpu-request', requests.cpu],
    ['memory-request', requests.memory],
    ['cpu-limit', limits.cpu],
    ['memory-limit', limits.memory],
  ] as const
  const given = named.flatMap(([name, value]) => (value === undefined ? [] : [[`dapr.io/sidecar-${name}`, value]]))
  return { 'dapr.io/sidecar-seccomp-profile-type': 'RuntimeDefault', ...Object.fromEntries(given) }
}

/** Annotations of a pod without daprd. What the user tells daprd has no place there. */
export function plainPodAnnotations(user: TextMap | undefined): TextMap {
  return merge(user, { [annotation.enabled]: 'false' }, (key) => !key.startsWith(daprPrefix) && !neverPassed.has(key))
}

function merge(user: TextMap = {}, ours: TextMap, passes: (key: string) => boolean): TextMap {
  const passed = Object.entries(user).filter(([key]) => passes(key))
  // Of two entries with one key the later one stays.
  return sorted([...passed, ...Object.entries(ours)])
}

/** A map in the order of its keys: the order in which a user wrote them must not change a child. */
export function sorted(entries: readonly (readonly [string, string])[]): TextMap {
  const map: Record<string, string> = {}
  for (const [key, value] of [...entries].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))) setField(map, key, value)
  return map
}

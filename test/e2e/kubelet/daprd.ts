// What Dapr's injector and operator do in a cluster: a daprd container derived from the pod's annotations.
import type { Container, EnvVar, Pod, Probe } from './pod-spec.ts'

export interface DaprdFiles {
  readonly binary: string
  readonly resources: string
  /** The Configuration named by dapr.io/config, if any. */
  readonly configuration?: string
}

export const daprdName = 'daprd'

export function wantsDaprd(pod: Pod): boolean {
  return isTrue(pod.metadata.annotations?.['dapr.io/enabled'])
}

export function appId(pod: Pod): string {
  return annotation(pod, 'app-id') ?? pod.metadata.name
}

export function daprdContainer(pod: Pod, files: DaprdFiles): Container {
  const probe = sidecarProbe(pod)
  return {
    name: daprdName,
    image: 'daprd',
    command: [files.binary],
    args: daprdArguments(pod, files),
    env: [...daprdEnv(pod), ...tokens(pod)],
    ...probe,
  }
}

/** The injector adds these to every app container that does not define them itself. */
export function withDaprEnv(container: Container, pod: Pod): Container {
  const added: Record<string, string> = {
    DAPR_HTTP_PORT: '3500',
    DAPR_GRPC_PORT: annotation(pod, 'grpc-port') ?? '50001',
    APP_PROTOCOL: annotation(pod, 'app-protocol') ?? 'http',
  }
  const present = new Set(container.env?.map((entry) => entry.name))
  const missing = Object.entries(added).filter(([name]) => !present.has(name))
  return { ...container, env: [...(container.env ?? []), ...missing.map(([name, value]) => ({ name, value }))] }
}

const fixed = [
  ['mode', 'standalone'],
  ['dapr-http-port', '3500'],
  ['dapr-public-port', '3501'],
  // Without a control plane there are no certificates.
  ['enable-mtls', 'false'],
] as const

/** Annotation → flag, with the injector's default where it passes one. */
const derived: readonly (readonly [annotation: string, flag: string, byDefault?: string])[] = [
  ['app-port', 'app-port'],
  ['app-protocol', 'app-protocol', 'http'],
  ['app-channel-address', 'app-channel-address'],
  ['app-max-concurrency', 'app-max-concurrency'],
  ['sidecar-listen-addresses', 'dapr-listen-addresses', '[::1],127.0.0.1'],
  ['grpc-port', 'dapr-grpc-port', '50001'],
  ['internal-grpc-port', 'dapr-internal-grpc-port', '50002'],
  ['metrics-port', 'metrics-port', '9090'],
  ['log-level', 'log-level', 'info'],
  ['max-body-size', 'max-body-size'],
  ['read-buffer-size', 'read-buffer-size'],
  ['graceful-shutdown-seconds', 'dapr-graceful-shutdown-seconds'],
  ['block-shutdown-duration', 'dapr-block-shutdown-duration'],
  ['disable-init-endpoints', 'disable-init-endpoints'],
  ['app-binding-options-timeout', 'app-binding-options-timeout'],
]

const health: typeof derived = [
  ['app-health-check-path', 'app-health-check-path', '/healthz'],
  ['app-health-probe-interval', 'app-health-probe-interval', '5'],
  ['app-health-probe-timeout', 'app-health-probe-timeout', '500'],
  ['app-health-threshold', 'app-health-threshold', '3'],
]

export function daprdArguments(pod: Pod, files: DaprdFiles): string[] {
  const flags: string[] = fixed.map(([flag, value]) => `--${flag}=${value}`)
  flags.push(`--app-id=${appId(pod)}`, `--resources-path=${files.resources}`)
  const checksHealth = isTrue(annotation(pod, 'enable-app-health-check'))
  for (const [name, flag, byDefault] of [...derived, ...(checksHealth ? health : [])]) {
    const value = annotation(pod, name) ?? byDefault
    if (value !== undefined) flags.push(`--${flag}=${value}`)
  }
  if (checksHealth) flags.push('--enable-app-health-check')
  if (isTrue(annotation(pod, 'enable-api-logging'))) flags.push('--enable-api-logging')
  if (annotation(pod, 'enable-metrics') === 'false') flags.push('--enable-metrics=false')
  if (files.configuration !== undefined) flags.push(`--config=${files.configuration}`)
  return flags
}

function daprdEnv(pod: Pod): EnvVar[] {
  return [
    { name: 'NAMESPACE', value: pod.metadata.namespace ?? 'default' },
    { name: 'POD_NAME', value: pod.metadata.name },
    { name: 'DAPR_HOST_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
  ]
}

function tokens(pod: Pod): EnvVar[] {
  const sources = [
    ['DAPR_API_TOKEN', annotation(pod, 'api-token-secret')],
    ['APP_API_TOKEN', annotation(pod, 'app-token-secret')],
  ] as const
  return sources.flatMap(([name, secret]) =>
    secret === undefined ? [] : [{ name, valueFrom: { secretKeyRef: { name: secret, key: 'token' } } }],
  )
}

function sidecarProbe(pod: Pod): { readinessProbe: Probe; livenessProbe: Probe } {
  const seconds = (name: string, byDefault: number) => Number(annotation(pod, `sidecar-${name}`) ?? byDefault)
  return {
    readinessProbe: {
      httpGet: { path: '/v1.0/healthz', port: 3501 },
      initialDelaySeconds: seconds('readiness-probe-delay-seconds', 1),
      timeoutSeconds: seconds('readiness-probe-timeout-seconds', 1),
      periodSeconds: seconds('readiness-probe-period-seconds', 1),
      failureThreshold: seconds('readiness-probe-threshold', 5),
    },
    livenessProbe: {
      tcpSocket: { port: 3501 },
      initialDelaySeconds: seconds('liveness-probe-delay-seconds', 180),
      timeoutSeconds: seconds('liveness-probe-timeout-seconds', 3),
      periodSeconds: seconds('liveness-probe-period-seconds', 10),
      failureThreshold: seconds('liveness-probe-threshold', 5),
    },
  }
}

function annotation(pod: Pod, name: string): string | undefined {
  return pod.metadata.annotations?.[`dapr.io/${name}`]
}

function isTrue(value: string | undefined): boolean {
  return value !== undefined && /^(1|t|true|y|yes|on)$/i.test(value)
}

// The proxy: one pod per Function, with the only daprd of that Function in it.

import type { KubeObject } from '../../shared/k8s.ts'
import { annotation, daprPodAnnotations } from '../annotations.ts'
import type { Settings } from '../config.ts'
import { daprAnnotations } from '../dapr-objects.ts'
import type { EnvVar, Fn, TextMap } from '../function.ts'
import { adminPort, proxyAppPort, serviceHost } from '../names.ts'
import { contractEnv, deployment, identityEnv } from '../pod.ts'

// SIGTERM reaches daprd and proxy together. daprd takes no new events at once but waits for the proxy to have finished
// the ones it holds (30 s by default, and 30 s that daprd gives a subscription), then shuts down. The proxy goes last.
const blockShutdownSeconds = 60
const gracefulShutdownSeconds = 10
const slackSeconds = 10

export function proxyDeployment(fn: Fn, settings: Settings): KubeObject[] {
  if (fn.mode !== 'standalone') return []
  const pod = {
    // Nothing in the pod talks to the API server with it: daprd's identity is a token of its own.
    automountServiceAccountToken: false,
    // For daprd too, which the injector adds. Its user is its own, so runAsUser stands at our container.
    securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    terminationGracePeriodSeconds: blockShutdownSeconds + gracefulShutdownSeconds + slackSeconds,
    containers: [container(fn, settings)],
  }
  return [deployment(fn, { role: 'proxy', replicas: 1, annotations: annotations(fn), pod })]
}

function container(fn: Fn, settings: Settings): object {
  return {
    name: 'dapr-proxy',
    image: settings.proxyImage,
    command: ['node', 'dist/proxy/main.js'],
    // The app port is on loopback, where daprd is, and so not declared.
    ports: [{ name: 'admin', containerPort: adminPort, protocol: 'TCP' }],
    env: env(fn, settings),
    readinessProbe: { httpGet: { path: '/readyz', port: 'admin' }, periodSeconds: 1 },
    livenessProbe: { httpGet: { path: '/livez', port: 'admin' }, periodSeconds: 10, timeoutSeconds: 5 },
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      readOnlyRootFilesystem: true,
      runAsUser: 65532,
    },
  }
}

function env(fn: Fn, settings: Settings): EnvVar[] {
  const port = proxyAppPort(fn)
  const host = serviceHost(fn, 'function', settings.clusterDomain)
  return [
    ...contractEnv(fn),
    ...identityEnv,
    { name: 'PROXY_DISCOVERY', value: `dns:${host}:${fn.port}` },
    ...(port === fn.port ? [] : [{ name: 'PROXY_PORT', value: String(port) }]),
    // 25 MiB less resident memory for the same CPU time: the young generation of V8 grows to 16 MiB per space otherwise.
    { name: 'NODE_OPTIONS', value: '--max-semi-space-size=2' },
  ]
}

function annotations(fn: Fn): TextMap {
  return daprPodAnnotations(fn.serving.annotations, {
    ...daprAnnotations(fn),
    [annotation.enabled]: 'true',
    [annotation.appId]: fn.appId,
    [annotation.appPort]: String(proxyAppPort(fn)),
    [annotation.appProtocol]: fn.protocol,
    // The function is in another pod. Never both families: on Linux `[::]` takes IPv4 too, and the second bind fails.
    'dapr.io/sidecar-listen-addresses': '0.0.0.0',
    // Lets the proxy stop deliveries, and tell daprd that it has drained.
    'dapr.io/enable-app-health-check': 'true',
    'dapr.io/app-health-probe-interval': '1',
    'dapr.io/app-health-probe-timeout': '900',
    'dapr.io/app-health-threshold': '3',
    'dapr.io/block-shutdown-duration': `${blockShutdownSeconds}s`,
    'dapr.io/graceful-shutdown-seconds': String(gracefulShutdownSeconds),
    // That store reads the API server with the token that the pod does not have, and daprd ends if it cannot start it.
    // References to Secrets in Components still work: Dapr's operator resolves them.
    'dapr.io/disable-builtin-k8s-secret-store': 'true',
  })
}

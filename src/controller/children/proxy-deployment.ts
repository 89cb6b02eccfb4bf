// The proxy: one pod per Function, with the only daprd of that Function in it.

import { withoutTls } from '../../shared/app-protocol.ts'
import type { KubeObject, TextMap } from '../../shared/k8s.ts'
import { mayWatchEndpoints, proxyAccount } from '../accounts.ts'
import { annotation, daprPodAnnotations } from '../annotations.ts'
import type { Cluster } from '../cluster.ts'
import { daprAnnotations } from '../dapr-objects.ts'
import { holdMs } from '../delivery/delivery.ts'
import type { EnvVar, Fn } from '../function.ts'
import { adminPort, proxyAppPort, serviceHost } from '../names.ts'
import { contractEnv, identityEnv, workload } from '../pod.ts'
import { mountedCa } from '../replica-ca.ts'
import { proxyReplicas } from '../scaling.ts'
import { defaultSettings } from '../settings.ts'
import { appToken } from '../tokens.ts'
import { hasStarted, pausedWhileWaiting } from '../waiting.ts'

// SIGTERM reaches daprd and proxy together. daprd takes no new events at once but waits for the proxy to have finished
// the ones it holds (30 s by default, and 30 s that daprd gives a subscription), then shuts down. The proxy goes last.
const blockShutdownSeconds = 60
const gracefulShutdownSeconds = 10
const slackSeconds = 10

export function proxyDeployment(fn: Fn, cluster: Cluster): KubeObject[] {
  if (fn.mode !== 'standalone') return []
  const pod = {
    serviceAccountName: proxyAccount(fn, cluster),
    // For the proxy, which watches its replicas. daprd's identity is a token of its own.
    automountServiceAccountToken: mayWatchEndpoints(fn, cluster),
    // For daprd too, which the injector adds. Its user is its own, so runAsUser stands at our container.
    securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    terminationGracePeriodSeconds: blockShutdownSeconds + gracefulShutdownSeconds + slackSeconds,
    containers: [container(fn, cluster)],
    ...mountedCa(fn).pod,
  }
  const waiting = pausedWhileWaiting(fn, cluster)
  // None until all that daprd reads at its start is there. A proxy that runs is not stopped for what is added later.
  const replicas = waiting.paused && !hasStarted(fn, 'proxy', cluster) ? 0 : proxyReplicas(fn, cluster)
  const frame = { role: 'proxy' as const, replicas, annotations: annotations(fn, cluster), pod }
  return [workload(fn, 'Deployment', { ...frame, ...waiting })]
}

function container(fn: Fn, cluster: Cluster): object {
  return {
    name: 'dapr-proxy',
    image: cluster.settings.proxyImage,
    command: ['node', 'dist/proxy/main.js'],
    // The app port is on loopback, where daprd is, and so not declared.
    ports: [{ name: 'admin', containerPort: adminPort, protocol: 'TCP' }],
    env: env(fn, cluster),
    ...mountedCa(fn).container,
    resources: cluster.settings.proxy.resources,
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

function env(fn: Fn, cluster: Cluster): EnvVar[] {
  const port = proxyAppPort(fn)
  const { clusterDomain } = cluster.settings
  const host = serviceHost(fn, 'function', clusterDomain)
  return [
    ...contractEnv(fn),
    ...identityEnv,
    ...appToken(fn),
    ...mountedCa(fn).env,
    // With a token the proxy watches EndpointSlices of its own accord, and asks DNS while it may not.
    ...(mayWatchEndpoints(fn, cluster)
      ? [{ name: 'CLUSTER_DOMAIN', value: clusterDomain }].filter(
          ({ value }) => value !== defaultSettings.clusterDomain,
        )
      : [{ name: 'PROXY_DISCOVERY', value: `dns:${host}:${fn.port}` }]),
    ...(fn.isAsync ? [{ name: 'PROXY_HOLD_TIMEOUT', value: `${holdMs(fn, cluster.related)}ms` }] : []),
    ...(port === fn.port ? [] : [{ name: 'PROXY_PORT', value: String(port) }]),
    // 25 MiB less resident memory for the same CPU time: the young generation of V8 grows to 16 MiB per space otherwise.
    { name: 'NODE_OPTIONS', value: '--max-semi-space-size=2' },
  ]
}

function annotations(fn: Fn, cluster: Cluster): TextMap {
  return daprPodAnnotations(fn.serving.annotations, cluster.settings, {
    ...daprAnnotations(fn, cluster),
    [annotation.enabled]: 'true',
    [annotation.appId]: fn.appId,
    [annotation.appPort]: String(proxyAppPort(fn)),
    // On loopback, where the proxy listens in plain text. TLS is between it and the function.
    [annotation.appProtocol]: withoutTls(fn.protocol),
    // The function is in another pod. Never both families: on Linux `[::]` takes IPv4 too, and the second bind fails.
    'dapr.io/sidecar-listen-addresses': '0.0.0.0',
    // Lets the proxy stop deliveries, and tell daprd that it has drained.
    'dapr.io/enable-app-health-check': 'true',
    'dapr.io/app-health-probe-interval': '1',
    'dapr.io/app-health-probe-timeout': '900',
    'dapr.io/app-health-threshold': '3',
    'dapr.io/block-shutdown-duration': `${blockShutdownSeconds}s`,
    'dapr.io/graceful-shutdown-seconds': String(gracefulShutdownSeconds),
    // That store would open every Secret that the pod's account may read, and daprd ends if it cannot start it.
    // References to Secrets in Components still work: Dapr's operator resolves them.
    'dapr.io/disable-builtin-k8s-secret-store': 'true',
  })
}

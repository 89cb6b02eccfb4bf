// The whole rig: `up` gives a running cluster with everything real above the kubelet, `down` ends it.
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { type Kubelet, startKubelet } from '../kubelet/kubelet.ts'
import { type Brokers, startBrokers } from './brokers.ts'
import { type ControlPlane, nodeName, startControlPlane } from './control-plane.ts'
import type { Kube } from './kube.ts'
import { bridge, createNodeNetwork } from './network.ts'
import { paths } from './paths.ts'
import { run } from './process.ts'
import { daprdBinary, type Profile } from './profile.ts'
import { until } from './wait.ts'

export interface Rig {
  readonly profile: Profile
  readonly kube: Kube
  readonly kubelet: Kubelet
  readonly controlPlane: ControlPlane
  readonly brokers: Brokers
  kubectl(...args: string[]): Promise<string>
  down(): Promise<void>
}

export async function up(profile: Profile): Promise<Rig> {
  for (const folder of [paths.run, paths.logs]) {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
  }
  await createNodeNetwork()
  const [controlPlane, brokers] = await Promise.all([startControlPlane(), startBrokers()])
  const { kube } = controlPlane
  await kubectl('apply', '--server-side', '-f', `${paths.manifests}/dapr-crds.yaml`)
  await kubectl('apply', '--server-side', '-f', `${paths.manifests}/dapr-injector.yaml`)
  await kubectl('wait', '--for=condition=Established', '--timeout=30s', 'crd', '--all')
  const kubelet = startKubelet({
    kube,
    nodeName,
    hostIp: bridge.address,
    caCertificate: readFileSync(controlPlane.caFile, 'utf8'),
    daprdBinary: daprdBinary(profile.daprdVersion),
  })
  await kubectl('apply', '--server-side', '-f', `${paths.manifests}/coredns.yaml`)
  await kubectl('apply', '--server-side', '-f', profile.metacontrollerCrds)
  await kubectl('apply', '--server-side', '-f', `${paths.manifests}/metacontroller.yaml`)
  const rig = { profile, kube, kubelet, controlPlane, brokers, kubectl, down: () => down(rig) }
  await deploymentReady(kube, 'kube-system', 'coredns')
  await deploymentReady(kube, 'metacontroller', 'metacontroller')
  return rig
}

/** Order matters little: whatever is left ends with the process namespace that the rig lives in. */
async function down(rig: Rig): Promise<void> {
  const { controllers, serviceProxy, apiServer, etcd } = rig.controlPlane
  await Promise.all([controllers.stop(), serviceProxy.stop(), rig.kubelet.stop()])
  await Promise.all([rig.brokers.redis.stop(), rig.brokers.mosquitto.stop(), apiServer.kill()])
  await etcd.kill()
}

export function kubectl(...args: string[]): Promise<string> {
  return run(`${paths.bin}/kubectl`, ['--kubeconfig', paths.kubeconfig, ...args])
}

export async function deploymentReady(kube: Kube, namespace: string, name: string, seconds = 60): Promise<void> {
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`
  await until(`Deployment ${namespace}/${name} is ready`, { seconds }, async () => {
    const { metadata, spec, status } = await kube.get(path)
    const wanted = spec.replicas ?? 1
    const isCurrent = status?.observedGeneration === metadata.generation
    return (
      isCurrent &&
      (status.readyReplicas ?? 0) === wanted &&
      (status.updatedReplicas ?? 0) === wanted &&
      (status.replicas ?? 0) === wanted
    )
  })
}

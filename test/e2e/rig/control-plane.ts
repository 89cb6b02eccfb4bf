// The real control plane: etcd, kube-apiserver with RBAC, kube-controller-manager and kube-proxy.
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { createComponent, type RigComponent } from './component.ts'
import { createKube, type Kube } from './kube.ts'
import { bridge, serviceRange } from './network.ts'
import { paths } from './paths.ts'
import { until } from './wait.ts'

export const nodeName = 'node'
const port = 6443
const etcdUrl = 'http://127.0.0.1:2379'
const folder = `${paths.run}/control-plane`
const tokens = {
  admin: { user: 'admin', group: 'system:masters' },
  proxy: { user: 'system:kube-proxy', group: 'system:authenticated' },
  // For scenarios that ask what somebody without any role may do.
  nobody: { user: 'nobody', group: 'system:authenticated' },
}

export interface ControlPlane {
  readonly kube: Kube
  readonly caFile: string
  readonly etcd: RigComponent
  readonly apiServer: RigComponent
  readonly controllers: RigComponent
  readonly serviceProxy: RigComponent
  waitForApiServer(): Promise<void>
}

export async function startControlPlane(): Promise<ControlPlane> {
  mkdirSync(folder, { recursive: true })
  const secrets = writeTokens()
  writeServiceAccountKeys()
  const caFile = `${folder}/apiserver.crt`
  const kubeconfigs = {
    admin: writeKubeconfig(paths.kubeconfig, caFile, secrets.admin),
    proxy: writeKubeconfig(`${folder}/kube-proxy.kubeconfig`, caFile, secrets.proxy),
  }
  const etcd = createComponent('etcd', etcdCommand())
  const apiServer = createComponent('kube-apiserver', apiServerCommand())
  const controllers = createComponent('kube-controller-manager', controllersCommand(kubeconfigs.admin))
  const serviceProxy = createComponent('kube-proxy', serviceProxyCommand(kubeconfigs.proxy))

  etcd.start()
  await until('etcd is healthy', { seconds: 20 }, async () => (await fetch(`${etcdUrl}/health`)).ok)
  apiServer.start()
  // It writes its certificates into one file, not at once, and its key after them.
  await until('kube-apiserver wrote its certificates and key', { seconds: 30 }, () => {
    const keyFile = `${folder}/apiserver.key`
    return existsSync(keyFile) && statSync(keyFile).size > 0
  })
  const kube = createKube({ server: `https://${bridge.address}:${port}`, caFile, token: secrets.admin })
  const waitForApiServer = async () => {
    await until('kube-apiserver is ready', { seconds: 60 }, async () => (await kube.text('/readyz')) === 'ok')
  }
  await waitForApiServer()
  await registerNode(kube)
  controllers.start()
  serviceProxy.start()
  return { kube, caFile, etcd, apiServer, controllers, serviceProxy, waitForApiServer }
}

function etcdCommand() {
  const peers = ['--listen-peer-urls', 'http://127.0.0.1:2380']
  const clients = ['--listen-client-urls', etcdUrl, '--advertise-client-urls', etcdUrl]
  // Nothing here must survive the machine, so nothing waits for the disk.
  const args = ['--data-dir', `${folder}/etcd`, ...clients, ...peers, '--unsafe-no-fsync']
  return { file: 'etcd', args }
}

function apiServerCommand() {
  return {
    file: `${paths.bin}/kube-apiserver`,
    args: [
      `--etcd-servers=${etcdUrl}`,
      `--secure-port=${port}`,
      '--bind-address=0.0.0.0',
      `--advertise-address=${bridge.address}`,
      `--cert-dir=${folder}`,
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${folder}/sa.pub`,
      `--service-account-signing-key-file=${folder}/sa.key`,
      `--service-cluster-ip-range=${serviceRange}`,
      '--authorization-mode=RBAC',
      `--token-auth-file=${folder}/tokens.csv`,
      // Its controllers are off; the kubelet stand-in brings the pods' tokens.
      '--disable-admission-plugins=ServiceAccount',
    ],
  }
}

function controllersCommand(kubeconfig: string) {
  const wanted = [
    'deployment',
    'replicaset',
    'statefulset',
    'endpointslice',
    'garbage-collector',
    'namespace',
    'serviceaccount',
  ]
  return {
    file: `${paths.bin}/kube-controller-manager`,
    args: [
      `--kubeconfig=${kubeconfig}`,
      '--leader-elect=false',
      '--secure-port=0',
      `--controllers=${wanted.map((name) => `${name}-controller`).join(',')}`,
    ],
  }
}

function serviceProxyCommand(kubeconfig: string) {
  return {
    file: `${paths.bin}/kube-proxy`,
    args: [
      `--kubeconfig=${kubeconfig}`,
      '--proxy-mode=iptables',
      '--masquerade-all',
      `--hostname-override=${nodeName}`,
      '--iptables-min-sync-period=100ms',
      // These sysctls belong to the machine, not to a network namespace.
      '--conntrack-max-per-core=0',
      '--conntrack-min=0',
      '--conntrack-tcp-timeout-established=0',
      '--conntrack-tcp-timeout-close-wait=0',
      '--nodeport-addresses=127.0.0.0/8',
      '--healthz-bind-address=127.0.0.1:10256',
    ],
  }
}

/** kube-proxy waits in silence for a Node with an InternalIP. */
async function registerNode(kube: Kube): Promise<void> {
  await kube.create('/api/v1/nodes', { metadata: { name: nodeName } })
  const ready = { type: 'Ready', status: 'True', reason: 'StandIn', message: 'the kubelet stand-in' }
  const addresses = [{ type: 'InternalIP', address: bridge.address }]
  await kube.merge(`/api/v1/nodes/${nodeName}/status`, { status: { addresses, conditions: [ready] } })
}

function writeTokens(): Record<keyof typeof tokens, string> {
  const secrets = { admin: secret(), proxy: secret(), nobody: secret() }
  const lines = Object.entries(tokens).map(
    ([name, { user, group }]) => `${secrets[name as keyof typeof tokens]},${user},${user},"${group}"`,
  )
  writeFileSync(`${folder}/tokens.csv`, `${lines.join('\n')}\n`, { mode: 0o600 })
  return secrets
}

function secret(): string {
  return randomBytes(16).toString('hex')
}

function writeServiceAccountKeys(): void {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  writeFileSync(`${folder}/sa.pub`, publicKey.export({ type: 'spki', format: 'pem' }))
  writeFileSync(`${folder}/sa.key`, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
}

function writeKubeconfig(file: string, caFile: string, token: string): string {
  const cluster = {
    server: `https://${bridge.address}:${port}`,
    'certificate-authority': caFile,
  }
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'rig', cluster }],
    users: [{ name: 'rig', user: { token } }],
    contexts: [{ name: 'rig', context: { cluster: 'rig', user: 'rig' } }],
    'current-context': 'rig',
  }
  // JSON is YAML.
  writeFileSync(file, JSON.stringify(config, null, 2), { mode: 0o600 })
  return file
}

// The life of one pod: namespace, volumes, containers, status, and the way out.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { type Kube, KubeError, type KubeObject } from '../rig/kube.ts'
import { createPodNetwork, dnsAddress, type PodNetwork, removePodNetwork } from '../rig/network.ts'
import { paths } from '../rig/paths.ts'
import { pause, until } from '../rig/wait.ts'
import { RunningContainer } from './container.ts'
import { containerCommand, execInPod, networkName, type PodPlace } from './container-command.ts'
import { writeConfiguration, writeDaprResources } from './dapr-resources.ts'
import { daprdContainer, daprdName, wantsDaprd, withDaprEnv } from './daprd.ts'
import type { DataSource } from './env.ts'
import { dataSource, mountsToken, requestToken } from './pod-sources.ts'
import type { Container, Pod } from './pod-spec.ts'
import { StatusReport } from './status-report.ts'
import { writeAccountFolder, writeVolumes } from './volumes.ts'

export interface NodeSurroundings {
  readonly kube: Kube
  readonly hostIp: string
  readonly caCertificate: string
  /** Read at every start of a pod, as is the delay. */
  daprdBinary(): string
  /** How long a daprd's start is put off. */
  daprdDelayMs(): number
  /** The Dapr objects of a namespace as they are now. */
  daprObjects(namespace: string): readonly KubeObject[]
}

export class PodRun {
  readonly pod: Pod
  readonly name: string
  readonly namespace: string
  readonly address: string
  readonly containers: RunningContainer[] = []
  /** When the kubelet first saw the pod, and when all its containers were first ready. */
  readonly seenAtMs = Date.now()
  readyAtMs: number | undefined
  network: PodNetwork | undefined
  private readonly node: NodeSurroundings
  private readonly place: PodPlace
  private readonly data: DataSource
  private readonly report: StatusReport
  private ending: Promise<void> | undefined

  constructor(pod: Pod, address: string, node: NodeSurroundings) {
    this.pod = pod
    this.address = address
    this.node = node
    this.name = pod.metadata.name
    this.namespace = pod.metadata.namespace ?? 'default'
    this.place = { folder: `${paths.run}/pods/${this.namespace}_${this.name}`, network: networkName(address) }
    this.data = dataSource(node.kube, this.namespace)
    const { kube, hostIp } = node
    this.report = new StatusReport({ kube, pod, podIp: address, hostIp, containers: this.containers })
  }

  async start(): Promise<void> {
    mkdirSync(`${this.place.folder}/volumes`, { recursive: true })
    this.writeResolvConf()
    this.network = await createPodNetwork(this.place.network, this.address)
    await this.prepare()
    for (const init of this.pod.spec.initContainers ?? []) await this.createContainer(init, 'OnFailure').run()
    const specs = await this.allContainers()
    if (this.ending !== undefined) return
    const policy = this.pod.spec.restartPolicy ?? 'Always'
    for (const spec of specs) this.containers.push(this.createContainer(spec, policy))
    for (const container of this.containers) void container.run()
    this.report.changed()
  }

  /** It was asked to go, and is in its grace time. */
  get isEnding(): boolean {
    return this.ending !== undefined
  }

  /** The grace time covers all containers together; the object goes when the last process has. */
  end(graceSeconds: number): Promise<void> {
    this.ending ??= this.endOnce(graceSeconds)
    return this.ending
  }

  container(name: string): RunningContainer | undefined {
    return this.containers.find(({ spec }) => spec.name === name)
  }

  async refreshDaprResources(): Promise<void> {
    if (!wantsDaprd(this.pod)) return
    await writeDaprResources(`${this.place.folder}/dapr`, this.node.daprObjects(this.namespace), this.data)
  }

  private async endOnce(graceSeconds: number): Promise<void> {
    await Promise.all(this.containers.map((container) => container.stop(graceSeconds * 1000)))
    this.report.end()
    if (this.network) await removePodNetwork(this.network).catch(() => undefined)
    rmSync(this.place.folder, { recursive: true, force: true })
    const path = `/api/v1/namespaces/${this.namespace}/pods/${this.name}`
    const options = { gracePeriodSeconds: 0, preconditions: { uid: this.pod.metadata.uid } }
    await until(`pod ${this.name} is deleted`, { seconds: 120, everyMs: 500 }, () =>
      this.node.kube.remove(path, options).then(
        () => true,
        (error: unknown) => error instanceof KubeError && error.status === 409,
      ),
    )
  }

  private async prepare(): Promise<void> {
    const { kube, caCertificate } = this.node
    const sources = { data: this.data, token: () => requestToken(kube, this.pod), caCertificate }
    // A missing Secret or ServiceAccount may appear later, as on a real node.
    await until(`volumes of pod ${this.name}`, { seconds: 300, everyMs: 500 }, async () => {
      const folder = `${this.place.folder}/serviceaccount`
      // Empty where the pod wants none: the folder is mounted all the same.
      mkdirSync(folder, { recursive: true })
      if (await mountsToken(kube, this.pod)) await writeAccountFolder(folder, this.pod, sources)
      await writeVolumes(`${this.place.folder}/volumes`, this.pod, sources)
      return true
    })
  }

  private async allContainers(): Promise<Container[]> {
    if (!wantsDaprd(this.pod)) return this.pod.spec.containers
    await this.refreshDaprResources()
    const resources = `${this.place.folder}/dapr`
    const files = { binary: this.node.daprdBinary(), resources, ...this.configuration() }
    return this.pod.spec.containers.map((container) =>
      container.name === daprdName ? daprdContainer(this.pod, files) : withDaprEnv(container, this.pod),
    )
  }

  private configuration(): { configuration?: string } {
    const name = this.pod.metadata.annotations?.['dapr.io/config']
    const object = this.node
      .daprObjects(this.namespace)
      .find(({ kind, metadata }) => kind === 'Configuration' && metadata.name === name)
    if (object === undefined) return {}
    const file = `${this.place.folder}/daprd-configuration.yaml`
    writeConfiguration(file, object)
    return { configuration: file }
  }

  private createContainer(spec: Container, restartPolicy: 'Always' | 'OnFailure' | 'Never'): RunningContainer {
    const dueMs = Date.now() + (spec.name === daprdName ? this.node.daprdDelayMs() : 0)
    const context = { pod: this.pod, podIp: this.address, hostIp: this.node.hostIp, data: this.data }
    const exec = (command: readonly string[], timeoutMs: number) => execInPod(this.place, command, timeoutMs)
    return new RunningContainer(spec, {
      logName: `${this.namespace}.${this.name}.${spec.name}`,
      restartPolicy,
      target: { address: this.address, container: spec, exec },
      start: async () => {
        await pause(Math.max(0, dueMs - Date.now()))
        return containerCommand(spec, this.place, context)
      },
      changed: () => this.onChange(),
    })
  }

  private onChange(): void {
    const isReady = this.containers.length > 0 && this.containers.every(({ state }) => state.ready)
    if (isReady) this.readyAtMs ??= Date.now()
    this.report.changed()
  }

  private writeResolvConf(): void {
    const search = [`${this.namespace}.svc.cluster.local`, 'svc.cluster.local', 'cluster.local'].join(' ')
    const lines = [`nameserver ${dnsAddress}`, `search ${search}`, 'options ndots:5', '']
    writeFileSync(`${this.place.folder}/resolv.conf`, lines.join('\n'))
  }
}

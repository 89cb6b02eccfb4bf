// The kubelet stand-in: binds every Pod to its node and runs it as processes in a network namespace.
import type { Kube, KubeObject } from '../rig/kube.ts'
import { createAddressPlan } from '../rig/network.ts'
import { daprKinds } from './dapr-resources.ts'
import { type NodeSurroundings, PodRun } from './pod-run.ts'
import type { Pod } from './pod-spec.ts'

export interface Kubelet {
  /** Pods that run now, those in their grace time included. */
  pods(namespace?: string): PodRun[]
  pod(namespace: string, name: string): PodRun | undefined
  setDaprdDelay(ms: number): void
  /** The binary that every daprd started from now on runs. */
  useDaprd(binary: string): void
  stop(): Promise<void>
}

export interface KubeletOptions {
  readonly kube: Kube
  readonly nodeName: string
  readonly hostIp: string
  readonly caCertificate: string
  readonly daprdBinary: string
}

export function startKubelet(options: KubeletOptions): Kubelet {
  const stop = new AbortController()
  const runs = new Map<string, PodRun>()
  const daprObjects = new Map<string, KubeObject>()
  const nextAddress = createAddressPlan()
  let daprdDelayMs = 0
  let { daprdBinary } = options

  const node: NodeSurroundings = {
    ...options,
    daprdBinary: () => daprdBinary,
    daprdDelayMs: () => daprdDelayMs,
    daprObjects: (namespace) => [...daprObjects.values()].filter(({ metadata }) => metadata.namespace === namespace),
  }

  const onPod = (type: string, pod: Pod) => {
    const uid = pod.metadata.uid ?? ''
    const known = runs.get(uid)
    if (type === 'DELETED') {
      // Removed behind our back, or by ourselves at the end.
      void known?.end(0).finally(() => runs.delete(uid))
      return
    }
    if (pod.metadata.deletionTimestamp !== undefined) {
      const grace = pod.metadata.deletionGracePeriodSeconds ?? 30
      const run = known ?? new PodRun(pod, nextAddress(), node)
      void run.end(grace).finally(() => runs.delete(uid))
      return
    }
    if (known !== undefined) return
    const run = new PodRun(pod, nextAddress(), node)
    runs.set(uid, run)
    void bindAndStart(options, pod, run)
  }

  const onDaprObject = (type: string, object: KubeObject) => {
    const key = `${object.kind}/${object.metadata.namespace}/${object.metadata.name}`
    if (type === 'DELETED') daprObjects.delete(key)
    else daprObjects.set(key, object)
    for (const run of runs.values()) {
      if (run.namespace === object.metadata.namespace) void run.refreshDaprResources().catch(() => undefined)
    }
  }

  void options.kube.follow('/api/v1/pods', ({ type, object }) => onPod(type, object as Pod), stop.signal)
  for (const path of daprKinds) {
    void options.kube.follow(path, ({ type, object }) => onDaprObject(type, object), stop.signal)
  }

  return {
    pods: (namespace) => [...runs.values()].filter((run) => namespace === undefined || run.namespace === namespace),
    pod: (namespace, name) => [...runs.values()].find((run) => run.namespace === namespace && run.name === name),
    setDaprdDelay: (ms) => {
      daprdDelayMs = ms
    },
    useDaprd: (binary) => {
      daprdBinary = binary
    },
    stop: async () => {
      stop.abort()
      await Promise.all([...runs.values()].map((run) => run.end(1).catch(() => undefined)))
    },
  }
}

/** There is no scheduler: the only node takes every Pod. */
async function bindAndStart(options: KubeletOptions, pod: Pod, run: PodRun): Promise<void> {
  const path = `/api/v1/namespaces/${run.namespace}/pods/${run.name}/binding`
  const target = { apiVersion: 'v1', kind: 'Node', name: options.nodeName }
  try {
    if (pod.spec.nodeName === undefined) {
      await options.kube.create(path, {
        apiVersion: 'v1',
        kind: 'Binding',
        metadata: { name: run.name },
        target,
      })
      pod.spec.nodeName = options.nodeName
    }
    await run.start()
  } catch (error) {
    console.error(`kubelet: pod ${run.namespace}/${run.name}: ${(error as Error).message}`)
  }
}

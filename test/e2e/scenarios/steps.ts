// Steps that many scenarios share: waiting for a Function, reading its ledger, finding its pods.
import type { PodRun } from '../kubelet/pod-run.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { type Verdict, verdict } from '../ledger/verdict.ts'
import type { KubeObject } from '../rig/kube.ts'
import { deploymentReady } from '../rig/rig.ts'
import { until } from '../rig/wait.ts'
import { type Context, expectThat } from './scenario.ts'

export async function functionReady(context: Context, name: string, mode = 'standalone', seconds = 60): Promise<void> {
  const { kube } = context.rig
  await until(`the present spec of ${name} was carried out`, { seconds: 30 }, async () => {
    const { metadata, status } = await getFunction(context, name)
    return status?.observedGeneration === metadata.generation
  })
  const names = mode === 'standalone' ? [name, `${name}-proxy`] : [name]
  for (const deployment of names) {
    await until(`Deployment ${deployment} exists`, { seconds: 20 }, () =>
      kube.find(deploymentPath(context, deployment)),
    )
    await deploymentReady(kube, context.namespace, deployment, seconds)
  }
  const condition = (fn: KubeObject) =>
    fn.status?.conditions?.find((one: { type: string }) => one.type === 'Ready')?.status === 'True'
  await until(`Function ${name} says Ready`, { seconds: 20 }, async () => condition(await getFunction(context, name)))
}

/** What a Function's children are made of, and what Kubernetes makes of them; each namespace has an account of its own. */
export async function childrenOf(context: Context): Promise<string[]> {
  const text = await context.rig.kubectl('get', childKinds, '-n', context.namespace, '-o', 'name')
  return text.split('\n').filter((line) => line !== '' && line !== 'serviceaccount/default')
}

const childKinds = [
  'deployments',
  'replicasets',
  'pods',
  'services',
  'components',
  'resiliencies',
  'configurations.dapr.io',
  'serviceaccounts',
  'roles',
  'rolebindings',
].join(',')

export function getFunction(context: Context, name: string): Promise<KubeObject> {
  return context.rig.kube.get(functionPath(context, name))
}

export function functionPath({ namespace }: Context, name: string): string {
  return `/apis/core.openfunction.io/v1beta1/namespaces/${namespace}/functions/${name}`
}

export function deploymentPath({ namespace }: Context, name: string): string {
  return `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`
}

/** The live pods of a Deployment, those on their way out left aside. */
export async function podsOf(context: Context, deployment: string): Promise<PodRun[]> {
  const { kube, kubelet } = context.rig
  const { spec } = await kube.get(deploymentPath(context, deployment))
  const labels = Object.entries(spec.selector.matchLabels as Record<string, string>)
  const query = encodeURIComponent(labels.map(([key, value]) => `${key}=${value}`).join(','))
  const { items } = await kube.list(`/api/v1/namespaces/${context.namespace}/pods?labelSelector=${query}`)
  return items
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .flatMap(({ metadata }) => kubelet.pod(context.namespace, metadata.name) ?? [])
}

export async function onePodOf(context: Context, deployment: string): Promise<PodRun> {
  const [pod] = await podsOf(context, deployment)
  expectThat(pod !== undefined, `Deployment ${deployment} has no pod`)
  return pod
}

export async function podIsReady(context: Context, pod: string): Promise<boolean> {
  const object = await context.rig.kube.find(`/api/v1/namespaces/${context.namespace}/pods/${pod}`)
  return readyCondition(object)?.status === 'True'
}

export function readyCondition(
  pod: KubeObject | undefined,
): { status: string; lastTransitionTime: string } | undefined {
  return pod?.status?.conditions?.find((one: { type: string }) => one.type === 'Ready')
}

/**
 * Waits until nothing is missing, giving up when no new event has come for `quietSeconds`: an event that is
 * lost never comes, and one that comes late must have its broker's time.
 */
export async function settled(ledger: Ledger, quietSeconds: number): Promise<Verdict> {
  let best = -1
  let changedAt = Date.now()
  return until(`ledger ${ledger.name} is settled`, { seconds: 600, everyMs: 200 }, () => {
    const now = verdict(ledger.published(), ledger.handled())
    if (now.missing.length === 0) return now
    if (now.handled !== best) {
      best = now.handled
      changedAt = Date.now()
    }
    return Date.now() - changedAt > quietSeconds * 1000 ? now : undefined
  })
}

export function expectNothingMissing(found: Verdict): void {
  const some = found.missing.slice(0, 5).join(', ')
  expectThat(found.missing.length === 0, `${found.missing.length} of ${found.published} events are missing: ${some} …`)
  expectThat(found.unknown.length === 0, `events that nobody published: ${found.unknown.slice(0, 5).join(', ')}`)
}

export function expectNoDuplicates(found: Verdict): void {
  const some = [...found.duplicates].slice(0, 5).map(([id, n]) => `${id} × ${n}`)
  expectThat(found.duplicates.size === 0, `${found.duplicates.size} events were handled twice: ${some.join(', ')} …`)
}

/** Waits until the proxy of a Function knows the live pods of it and no others; resolves to the milliseconds that this took. */
export async function proxyKnowsPods(context: Context, name: string): Promise<number> {
  const startedAt = Date.now()
  const proxy = await onePodOf(context, `${name}-proxy`)
  await until('the proxy knows the replicas', { seconds: 90, everyMs: 50 }, async () => {
    const addresses = (await podsOf(context, name)).map((pod) => pod.address).sort()
    const text = await (await fetch(`http://${proxy.address}:8081/metrics`)).text()
    const known = [...text.matchAll(/^dapr_proxy_replica_events_total\{replica="([^":]+):\d+"\}/gm)].map(
      ([, one]) => one,
    )
    return known.sort().join() === addresses.join()
  })
  return Date.now() - startedAt
}

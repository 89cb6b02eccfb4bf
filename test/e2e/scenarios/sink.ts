// Scenario 2: the proposal's `sink`, applied as it is shipped.
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import type { KubeObject } from '../rig/kube.ts'
import { product } from '../rig/paths.ts'
import { until } from '../rig/wait.ts'
import { type Context, expectThat, type Scenario } from './scenario.ts'
import { childrenOf, deploymentPath, functionPath, functionReady, getFunction } from './steps.ts'

export const sink: Scenario = {
  name: 'sink',
  title: "the proposal's Function becomes its children, runs, and goes without a trace",
  forms: ['smoke', 'all', 'campaign'],
  run: async (context) => {
    const { kube, kubectl } = context.rig
    const file = `${product}/manifests/samples/sink.yaml`
    const manifest = parse(readFileSync(file, 'utf8')) as KubeObject
    const { name } = manifest.metadata
    context.step('kubectl apply gives the children that were promised')
    const startedAt = Date.now()
    await kubectl('apply', '-n', context.namespace, '-f', file)
    await functionReady(context, name)
    const readyMs = Date.now() - startedAt
    await childrenAsPromised(context, name)

    context.step('kubectl get fn shows name, readiness and mode')
    const table = await kubectl('get', 'fn', '-n', context.namespace)
    expectThat(/NAME.*READY.*MODE/.test(table) && /True/.test(table), `kubectl get fn prints:\n${table}`)
    await statusIsTrue(context, name)

    context.step('its Service answers a request')
    await until('an answer', { seconds: 10 }, async () => (await callService(context, name)) === 200)

    context.step('deleting the Function removes everything')
    await kube.remove(functionPath(context, name))
    await until('all children are gone', { seconds: 45 }, async () => (await childrenOf(context)).length === 0)
    context.figures([{ 'apply to Ready, ms': readyMs }])
  },
}

async function childrenAsPromised(context: Context, name: string): Promise<void> {
  const { kube } = context.rig
  const proxy = await kube.get(deploymentPath(context, `${name}-proxy`))
  const fn = await kube.get(deploymentPath(context, name))
  const enabled = (deployment: KubeObject) => deployment.spec.template.metadata.annotations?.['dapr.io/enabled']
  expectThat(enabled(proxy) === 'true', `the proxy's dapr.io/enabled is ${enabled(proxy)}`)
  expectThat(enabled(fn) !== 'true', `the function's dapr.io/enabled is ${enabled(fn)}`)
  for (const service of [name, `${name}-proxy`]) await kube.get(servicePath(context, service))
  const pods = context.rig.kubelet.pods(context.namespace)
  const withDaprd = pods.filter((pod) => pod.container('daprd') !== undefined)
  expectThat(withDaprd.length === 1, `${withDaprd.length} pods have a daprd, one was expected`)
}

async function statusIsTrue(context: Context, name: string): Promise<void> {
  const { metadata, status } = await getFunction(context, name)
  const isCurrent = status.observedGeneration === metadata.generation
  expectThat(isCurrent, `observedGeneration ${status.observedGeneration}, generation ${metadata.generation}`)
}

function servicePath({ namespace }: Context, name: string): string {
  return `/api/v1/namespaces/${namespace}/services/${name}`
}

/** Through the Service's cluster address where it has one, as a caller in the cluster would. */
export async function callService(context: Context, name: string): Promise<number> {
  const { spec } = await context.rig.kube.get(servicePath(context, name))
  const host = spec.clusterIP === 'None' ? context.rig.kubelet.pods(context.namespace)[0]?.address : spec.clusterIP
  const response = await fetch(`http://${host}:${spec.ports[0].port}/`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
    signal: AbortSignal.timeout(5000),
  })
  await response.arrayBuffer()
  return response.status
}

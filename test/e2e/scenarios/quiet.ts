// Scenario 11: once settled nothing is written and the webhook is asked no more often than Metacontroller's resync.
import { pause } from '../rig/wait.ts'
import { greeter, recorder } from './functions.ts'
import { controllerName, productNamespace } from './product.ts'
import { type Context, expectThat, type Scenario } from './scenario.ts'
import { functionReady } from './steps.ts'

const quietSeconds = 60
const kinds = [
  '/apis/core.openfunction.io/v1beta1/namespaces/NS/functions',
  '/apis/apps/v1/namespaces/NS/deployments',
  '/apis/apps/v1/namespaces/NS/replicasets',
  '/api/v1/namespaces/NS/pods',
  '/api/v1/namespaces/NS/services',
  '/apis/discovery.k8s.io/v1/namespaces/NS/endpointslices',
  '/apis/dapr.io/v1alpha1/namespaces/NS/components',
  '/apis/dapr.io/v1alpha1/namespaces/NS/resiliencies',
  '/apis/dapr.io/v1alpha1/namespaces/NS/configurations',
  '/api/v1/namespaces/NS/serviceaccounts',
  '/apis/rbac.authorization.k8s.io/v1/namespaces/NS/roles',
  '/apis/rbac.authorization.k8s.io/v1/namespaces/NS/rolebindings',
]

export const quiet: Scenario = {
  name: 'quiet',
  title: '60 s after settling: no write to any child, no needless call of the webhook',
  forms: ['all', 'campaign'],
  run: async (context) => {
    context.step('three Functions of different shapes settle')
    const ledger = context.ledger('events')
    await context.applyFunction(greeter({ name: 'calm-sync' }))
    await context.applyFunction(recorder(ledger, { name: 'calm-async', replicas: 2, topic: 'calm' }))
    await context.applyFunction(recorder(ledger, { name: 'calm-sidecar', mode: 'sidecar', topic: 'calm-sidecar' }))
    await functionReady(context, 'calm-sync')
    await functionReady(context, 'calm-async')
    await functionReady(context, 'calm-sidecar', 'sidecar')
    // Metacontroller reacts to the last status writes.
    await pause(5000)

    context.step(`${quietSeconds} s pass without a write`)
    const before = { versions: await versions(context), syncs: await syncs(context) }
    await pause(quietSeconds * 1000)
    const after = { versions: await versions(context), syncs: await syncs(context) }
    const changed = [...after.versions].filter(([name, version]) => before.versions.get(name) !== version)
    expectThat(changed.length === 0, `written: ${changed.map(([name]) => name).join(', ')}`)
    const asked = after.syncs - before.syncs
    expectThat(asked === 0, `the webhook was asked ${asked} times, and the resync period is 600 s`)
    context.figures([
      { objects: after.versions.size, writes: changed.length, 'sync calls': asked, seconds: quietSeconds },
    ])
  },
}

async function versions(context: Context): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for (const kind of kinds) {
    const { items } = await context.rig.kube.list(kind.replace('NS', context.namespace))
    for (const { metadata } of items)
      found.set(`${kind.split('/').pop()}/${metadata.name}`, metadata.resourceVersion ?? '')
  }
  return found
}

/** Over all replicas of the webhook. */
export async function syncs(context: Context): Promise<number> {
  const pods = context.rig.kubelet.pods(productNamespace).filter((pod) => pod.name.startsWith(controllerName))
  const counts = pods.map(async (pod) => {
    const text = await (await fetch(`http://${pod.address}:8080/metrics`)).text()
    const lines = text.match(/^dapr_proxy_sync_duration_seconds_count(?:\{[^}]*\})? (\d+)/gm) ?? []
    return lines.reduce((sum, line) => sum + Number(line.split(' ').pop()), 0)
  })
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0)
}

// KEDA's kinds are made where the CompositeController declares them, and named in a condition where it does not.
import { product } from '../rig/paths.ts'
import { until } from '../rig/wait.ts'
import { recorder } from './functions.ts'
import { type Context, expectThat, type Scenario } from './scenario.ts'
import { deploymentPath, functionReady, getFunction } from './steps.ts'

const name = 'scaled'

export const keda: Scenario = {
  name: 'keda',
  title: 'without KEDA a trigger is reported, with it a ScaledObject is made and replicas are left alone',
  forms: ['all', 'campaign'],
  run: async (context) => {
    const { rig } = context
    const base = recorder(context.ledger('events'), { name, topic: name })
    const triggers = [{ type: 'redis-streams', metadata: { stream: name } }]
    const scaleOptions = { minReplicas: 2, maxReplicas: 4 }
    const fn = { ...base, spec: { ...base.spec, serving: { ...base.spec.serving, triggers, scaleOptions } } }
    context.step('KEDA is not declared: the Function runs, and Complete names the kind')
    await context.applyFunction(fn)
    await functionReady(context, name)
    expectThat((await complete(context)).includes('ScaledObject'), `Complete says: ${await complete(context)}`)

    context.step('KEDA is declared: a ScaledObject with the triggers and bounds')
    await declared(context, async () => {
      const path = `/apis/keda.sh/v1alpha1/namespaces/${context.namespace}/scaledobjects/${name}`
      await until('a ScaledObject', { seconds: 60 }, () => rig.kube.find(path))
      const { spec } = await rig.kube.get(path)
      const seen = [spec.minReplicaCount, spec.maxReplicaCount, spec.triggers?.[0]?.type].join()
      expectThat(seen === '2,4,redis-streams', `the ScaledObject says ${seen}`)

      context.step('whoever scales the Deployment is not fought')
      await rig.kube.merge(deploymentPath(context, name), { spec: { replicas: 3 } })
      await functionReady(context, name)
      const { spec: scaled } = await rig.kube.get(deploymentPath(context, name))
      expectThat(scaled.replicas === 3, `${scaled.replicas} replicas, somebody asked for 3`)
      const message = await complete(context)
      expectThat(!message.includes('ScaledObject'), `Complete says: ${message}`)
    })
  },
}

async function complete(context: Context): Promise<string> {
  const { status } = await getFunction(context, name)
  return status.conditions.find(({ type }: { type: string }) => type === 'Complete').message
}

/** Its definitions, as open as they can be; the CompositeController is put back afterwards. */
async function declared({ rig }: Context, run: () => Promise<void>): Promise<void> {
  for (const [kind, plural] of [
    ['ScaledObject', 'scaledobjects'],
    ['ScaledJob', 'scaledjobs'],
  ] as const) {
    const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } }
    await rig.kube.apply(`/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${plural}.keda.sh`, {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `${plural}.keda.sh` },
      spec: {
        group: 'keda.sh',
        scope: 'Namespaced',
        names: { kind, plural, singular: kind.toLowerCase() },
        versions: [{ name: 'v1alpha1', served: true, storage: true, schema }],
      },
    })
  }
  await rig.kubectl('wait', '--for=condition=Established', '--timeout=30s', 'crd', '--all')
  await rig.kubectl('apply', '-k', `${product}/manifests/rbac/keda`)
  await rig.kubectl('apply', '--validate=warn', '-k', `${product}/metacontroller/keda`)
  try {
    await run()
  } finally {
    await rig.kubectl('apply', '--validate=warn', '-k', `${product}/metacontroller`)
  }
}

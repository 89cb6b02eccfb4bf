// Scenario 10: a Function is edited in every way that matters, up to its deletion.
import { publish } from '../ledger/publisher.ts'
import type { KubeObject } from '../rig/kube.ts'
import { until } from '../rig/wait.ts'
import { quickRedelivery, recorder, redisBinding } from './functions.ts'
import { type Context, expectThat, type Scenario } from './scenario.ts'
import {
  childrenOf,
  deploymentPath,
  expectNothingMissing,
  functionPath,
  functionReady,
  getFunction,
  settled,
} from './steps.ts'

const name = 'edited'

export const edits: Scenario = {
  name: 'edits',
  title: 'add an output, change the port, switch the mode, break the spec, mend it, delete',
  forms: ['smoke', 'all', 'campaign'],
  run: async (context) => {
    const { kube } = context.rig
    const ledger = context.ledger('events')
    const send = async (prefix: string) => {
      await publish(ledger, name, { count: 20, prefix })
      expectNothingMissing(await settled(ledger, 20))
    }
    const base = recorder(ledger, { name, topic: name, redis: quickRedelivery })
    context.step('the Function as it begins gets its events')
    await context.applyFunction(base)
    await functionReady(context, name)
    await send('first')

    context.step('an added output becomes a Component, and events still come')
    const withOutput = changed(base, (spec) => {
      spec.serving.outputs = [{ name: 'store', component: 'store', operation: 'create' }]
      spec.serving.bindings = { store: redisBinding() }
    })
    await context.applyFunction(withOutput)
    await until('a second Component', { seconds: 20 }, async () => (await components(context)).length === 2)
    await functionReady(context, name)
    await send('output')

    context.step('a changed port is the one that events go to')
    const onPort = changed(withOutput, (spec) => {
      spec.port = 8085
    })
    await context.applyFunction(onPort)
    await until('the Service has the new port', { seconds: 20 }, async () => (await servicePort(context)) === 8085)
    await functionReady(context, name)
    await send('port')

    context.step('in sidecar mode the proxy is gone and events come')
    await context.applyFunction(inMode(onPort, 'sidecar'))
    await until('the proxy Deployment is gone', { seconds: 40 }, async () => {
      return (await kube.find(deploymentPath(context, `${name}-proxy`))) === undefined
    })
    await functionReady(context, name, 'sidecar')
    await send('sidecar')

    context.step('back in standalone mode the proxy is there again and events come')
    await context.applyFunction(inMode(onPort, 'standalone'))
    await functionReady(context, name)
    await send('standalone')

    context.step('a broken spec leaves the children alone and the status says why')
    await brokenSpecChangesNothing(context, onPort)
    await send('broken')

    context.step('the mended spec is accepted')
    await context.applyFunction(onPort)
    await until('it is accepted', { seconds: 20 }, async () => (await acceptance(context))?.status === 'True')
    await functionReady(context, name)
    await send('mended')

    context.step('deleting it removes everything')
    await kube.remove(functionPath(context, name))
    await until('all children are gone', { seconds: 45 }, async () => (await childrenOf(context)).length === 0)
  },
}

async function brokenSpecChangesNothing(context: Context, good: KubeObject): Promise<void> {
  const { kube } = context.rig
  const versions = async () => {
    const names = [name, `${name}-proxy`]
    const found = await Promise.all(names.map((one) => kube.get(deploymentPath(context, one))))
    return found.map(({ metadata }) => `${metadata.uid}/${metadata.generation}`).join(' ')
  }
  const before = await versions()
  await context.applyFunction(
    changed(good, (spec) => {
      spec.serving.inputs = [{ name: 'events', component: 'redis' }]
    }),
  )
  await until('a condition that says what is wrong', { seconds: 20 }, async () => await complaint(context))
  const after = await versions()
  expectThat(before === after, `children went from ${before} to ${after}`)
}

/** The message of the condition that the present spec was not accepted with. */
async function complaint(context: Context): Promise<string | undefined> {
  const accepted = await acceptance(context)
  return accepted?.status === 'False' ? (accepted.message ?? 'no message') : undefined
}

/** Undefined until the webhook has judged the present spec. */
async function acceptance(context: Context): Promise<{ status: string; message?: string } | undefined> {
  const { metadata, status } = await getFunction(context, name)
  if (status?.observedGeneration !== metadata.generation) return undefined
  return status.conditions?.find(({ type }: { type: string }) => type === 'Accepted')
}

function changed(fn: KubeObject, change: (spec: KubeObject['spec']) => void): KubeObject {
  const copy = structuredClone(fn)
  change(copy.spec)
  return copy
}

function inMode(fn: KubeObject, mode: string): KubeObject {
  return changed(fn, (spec) => {
    spec.serving.annotations['openfunction.io/dapr-service-mode'] = mode
  })
}

async function components(context: Context): Promise<KubeObject[]> {
  return (await context.rig.kube.list(`/apis/dapr.io/v1alpha1/namespaces/${context.namespace}/components`)).items
}

async function servicePort(context: Context): Promise<number> {
  const service = await context.rig.kube.get(`/api/v1/namespaces/${context.namespace}/services/${name}`)
  return service.spec.ports[0].port as number
}

// Where another operator runs the function: a DecoratorController attaches the proxy, and events reach pods that are not ours.
import { publish } from '../ledger/publisher.ts'
import { product } from '../rig/paths.ts'
import { deploymentReady } from '../rig/rig.ts'
import { until } from '../rig/wait.ts'
import { quickRedelivery, recorder } from './functions.ts'
import { type Context, expectThat, type Scenario } from './scenario.ts'
import { deploymentPath, expectNothingMissing, functionPath, getFunction, settled } from './steps.ts'

const name = 'theirs'
const labels = { app: 'theirs', tier: 'function' }

export const decorate: Scenario = {
  name: 'decorate',
  title: "a proxy is attached to another operator's function, and takes events to its pods",
  forms: ['all', 'campaign'],
  run: async (context) => {
    const { rig, namespace } = context
    const ledger = context.ledger('events')
    const fn = recorder(ledger, { name, topic: name, redis: quickRedelivery })
    const selector = Object.entries(labels).map((pair) => pair.join('='))
    await instead(context, async () => {
      context.step('the Function has a proxy, its Service, and the address of it in an annotation')
      await context.applyFunction({
        ...fn,
        metadata: { ...fn.metadata, annotations: { 'dapr-proxy/selector': selector.join(',') } },
      })
      await until('a proxy', { seconds: 60 }, () => rig.kube.find(deploymentPath(context, `${name}-proxy`)))
      await deploymentReady(rig.kube, namespace, `${name}-proxy`)
      const host = (await getFunction(context, name)).metadata.annotations?.['dapr-proxy/dapr-host']
      expectThat(host === `${name}-proxy.${namespace}.svc.cluster.local`, `the annotation says ${host}`)
      const own = await rig.kube.find(deploymentPath(context, name))
      expectThat(own === undefined, 'a Deployment of the function was made')

      context.step("events reach the other operator's pods")
      await rig.kube.create(`/apis/apps/v1/namespaces/${namespace}/deployments`, theirs(ledger.folder))
      await deploymentReady(rig.kube, namespace, `${name}-by-others`)
      await publish(ledger, name, { count: 200 })
      expectNothingMissing(await settled(ledger, 20))

      context.step('deleted with the Function, all that was attached goes')
      await rig.kube.remove(functionPath(context, name))
      await until('the proxy is gone', { seconds: 120 }, async () => {
        return (await rig.kube.find(deploymentPath(context, `${name}-proxy`))) === undefined
      })
      context.figures([{ events: 200, missing: 0 }])
    })
  },
}

function theirs(folder: string): object {
  const context = {
    name,
    version: 'v1',
    runtime: 'Async',
    port: '8080',
    inputs: { events: { uri: name, componentName: `${name}.pubsub.redis`, componentType: 'pubsub.redis' } },
  }
  const env = Object.entries({ FUNC_CONTEXT: JSON.stringify(context), LEDGER: folder, PORT: '8080' })
  const container = {
    name: 'function',
    image: 'e2e/record:1',
    env: env.map(([key, value]) => ({ name: key, value })),
    ports: [{ containerPort: 8080 }],
    readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
  }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: `${name}-by-others` },
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [container] } },
    },
  }
}

/** One controller at a time may ask about Functions; the CompositeController is put back afterwards. */
async function instead({ rig }: Context, run: () => Promise<void>): Promise<void> {
  await rig.kubectl('delete', '-k', `${product}/metacontroller`)
  await rig.kubectl('apply', '--validate=warn', '-k', `${product}/metacontroller/decorator`)
  try {
    await run()
  } finally {
    await rig.kubectl('delete', '-k', `${product}/metacontroller/decorator`)
    await rig.kubectl('apply', '--validate=warn', '-k', `${product}/metacontroller`)
  }
}

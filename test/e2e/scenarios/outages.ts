// Scenario 12: each part of the surroundings is away for a while; running functions go on or resume, nothing is lost.
import type { Ledger } from '../ledger/ledger.ts'
import { deploymentReady } from '../rig/rig.ts'
import { pause, until } from '../rig/wait.ts'
import { quickRedelivery, recorder } from './functions.ts'
import { startEvents } from './load.ts'
import { controllerName, productNamespace } from './product.ts'
import { type Context, expectThat, type Scenario } from './scenario.ts'
import { expectNothingMissing, functionReady, proxyKnowsPods, settled } from './steps.ts'

const name = 'steady'
const rate = 50
/** Of the events published during an outage, those that have to be handled during it. */
const leastShare = 0.8

// After an outage of the API server Metacontroller watches again only after a pause of up to 30 s, doubled by jitter
// (client-go, reflector).
const relistSeconds = 90

interface Outage {
  readonly what: string
  readonly seconds: number
  /** Whether events are handled meanwhile; without the broker there are none. */
  readonly goesOn: boolean
  begin(context: Context): Promise<void>
  end(context: Context): Promise<void>
}

const outages: readonly Outage[] = [
  {
    what: 'webhook',
    seconds: 30,
    goesOn: true,
    begin: (context) => scale(context, productNamespace, controllerName, 0),
    end: (context) => scale(context, productNamespace, controllerName, 2),
  },
  {
    what: 'Metacontroller',
    seconds: 15,
    goesOn: true,
    begin: (context) => scale(context, 'metacontroller', 'metacontroller', 0),
    end: (context) => scale(context, 'metacontroller', 'metacontroller', 1),
  },
  {
    what: 'API server',
    seconds: 20,
    goesOn: true,
    begin: ({ rig }) => rig.controlPlane.apiServer.kill(),
    end: async ({ rig }) => {
      const { apiServer, controllers, waitForApiServer } = rig.controlPlane
      apiServer.start()
      await waitForApiServer()
      // Elsewhere they elect a leader, and who cannot renew that for 10 s ends and starts anew (client-go, leaderelection).
      await controllers.kill()
      controllers.start()
    },
  },
  {
    what: 'CoreDNS',
    seconds: 20,
    goesOn: true,
    begin: (context) => scale(context, 'kube-system', 'coredns', 0),
    end: (context) => scale(context, 'kube-system', 'coredns', 1),
  },
  {
    what: 'Redis, paused',
    seconds: 10,
    goesOn: false,
    begin: async ({ rig }) => rig.brokers.redis.signal('SIGSTOP'),
    end: async ({ rig }) => {
      rig.brokers.redis.signal('SIGCONT')
      await rig.brokers.waitForRedis()
    },
  },
]

export const outage: Scenario = {
  name: 'outages',
  title: 'webhook, Metacontroller, API server, CoreDNS and Redis away for a while: nothing lost, all healthy after',
  forms: ['all', 'campaign'],
  run: async (context) => {
    const ledger = context.ledger('events')
    context.step('a Function with two replicas becomes Ready')
    await context.applyFunction(recorder(ledger, { name, replicas: 2, topic: name, redis: quickRedelivery }))
    await functionReady(context, name)
    const rows = []
    for (const one of outages) rows.push(await suffer(context, ledger, one))
    context.figures(rows)
  },
}

async function suffer(context: Context, ledger: Ledger, one: Outage) {
  context.step(`${one.what} is away for ${one.seconds} s at ${rate} events/s: nothing is missing`)
  // What was the last good set when names could still be asked for, is what the proxy has during the outage.
  await proxyKnowsPods(context, name)
  const before = ledger.published().length
  const load = startEvents(ledger, name, rate, one.what.replace(/\W+/g, '-'))
  await one.begin(context)
  const meanwhile = ledger.handled().length
  await pause(one.seconds * 1000)
  const handled = ledger.handled().length - meanwhile
  await one.end(context)
  await load.end()
  const expected = one.goesOn ? rate * one.seconds * leastShare : 0
  expectThat(
    handled >= expected,
    `${handled} events were handled during the outage, at least ${expected} should have been`,
  )
  const found = await settled(ledger, 30)
  expectNothingMissing(found)

  context.step(`after the outage of ${one.what} a change of the Function is carried out`)
  const round = one.what.replace(/\W+/g, '-')
  await context.applyFunction(
    recorder(ledger, { name, replicas: 2, topic: name, redis: quickRedelivery, params: { ROUND: round } }),
  )
  await until('the change reached the Deployment', { seconds: relistSeconds }, async () => {
    const text = await context.rig.kubectl('get', 'deployment', name, '-n', context.namespace, '-o', 'json')
    return text.includes(`"${round}"`)
  })
  await functionReady(context, name, 'standalone', relistSeconds)
  return {
    outage: one.what,
    seconds: one.seconds,
    events: found.published - before,
    'handled meanwhile': handled,
    missing: found.missing.length,
    'duplicates so far': found.duplicates.size,
  }
}

async function scale(context: Context, namespace: string, deployment: string, replicas: number): Promise<void> {
  const { kube, kubelet } = context.rig
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments/${deployment}`
  await kube.merge(`${path}/scale`, { spec: { replicas } })
  await deploymentReady(kube, namespace, deployment)
  if (replicas > 0) return
  await until(`${deployment} has ended`, { seconds: 45 }, () => {
    return !kubelet.pods(namespace).some((pod) => pod.name.startsWith(deployment))
  })
}

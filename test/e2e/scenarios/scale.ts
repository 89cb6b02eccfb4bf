// Scenario 9: 1 → 5 → 1 → 0 → 2 under load: new replicas get work at once, nothing waits for ever.
import { publish } from '../ledger/publisher.ts'
import { pause, until } from '../rig/wait.ts'
import { quickRedelivery, recorder } from './functions.ts'
import { startEvents } from './load.ts'
import { type Context, expectThat, type Scenario } from './scenario.ts'
import { deploymentPath, expectNothingMissing, functionReady, onePodOf, podsOf, settled } from './steps.ts'

const name = 'scaled'
const rate = 100
const atZero = 50

export const scale: Scenario = {
  name: 'scale',
  title: '1 → 5 → 1 → 0 → 2 replicas: new ones get events at once, events at zero arrive later',
  forms: ['all', 'campaign'],
  run: async (context) => {
    const ledger = context.ledger('events')
    context.step('one replica is Ready')
    await context.applyFunction(recorder(ledger, { name, topic: name, redis: quickRedelivery }))
    await functionReady(context, name)
    const rows = []
    for (const replicas of [5, 1]) {
      context.step(`scaled to ${replicas} at ${rate} events/s: new replicas get events within 2 s of Ready`)
      const known = new Set((await podsOf(context, name)).map((pod) => pod.name))
      const load = startEvents(ledger, name, rate, `to-${replicas}`)
      await scaleTo(context, replicas)
      // Time in which a new replica has to get its first event.
      await pause(2500)
      await load.end()
      expectNothingMissing(await settled(ledger, 20))
      const added = (await podsOf(context, name)).filter((pod) => !known.has(pod.name))
      const delays = added.map((pod) => firstEvent(ledger.handled(), pod.name) - (pod.readyAtMs ?? 0))
      const slowest = Math.max(0, ...delays)
      expectThat(slowest <= 2000, `a new replica got its first event ${slowest} ms after it was Ready`)
      rows.push({
        replicas,
        'slowest first event, ms': slowest,
        'proxy follows, ms': await proxyFollows(context, replicas),
      })
    }
    context.step(`${atZero} events published at zero replicas arrive after the scale-up`)
    await scaleTo(context, 0)
    rows.push({ replicas: 0, 'slowest first event, ms': 0, 'proxy follows, ms': await proxyFollows(context, 0) })
    await publish(ledger, name, { count: atZero, prefix: 'zero' })
    // Long enough for the proxy to hold them; well within what it may hold.
    await pause(3000)
    await scaleTo(context, 2)
    const found = await settled(ledger, 30)
    expectNothingMissing(found)
    rows.push({ replicas: 2, 'slowest first event, ms': 0, 'proxy follows, ms': await proxyFollows(context, 2) })
    context.figures(rows)
    context.figures([{ events: found.published, missing: 0, duplicates: found.duplicates.size }])
  },
}

function firstEvent(handled: readonly { replica: string; atMs: number }[], pod: string): number {
  return handled.find(({ replica }) => replica === pod)?.atMs ?? Number.POSITIVE_INFINITY
}

async function scaleTo(context: Context, replicas: number): Promise<void> {
  await context.rig.kube.merge(`${deploymentPath(context, name)}/scale`, { spec: { replicas } })
  await until(`${replicas} replicas are Ready and no other pod is left`, { seconds: 60 }, async () => {
    const pods = await podsOf(context, name)
    return pods.length === replicas && pods.every((pod) => pod.readyAtMs !== undefined)
  })
}

async function proxyFollows(context: Context, replicas: number): Promise<number> {
  const startedAt = Date.now()
  const pod = await onePodOf(context, `${name}-proxy`)
  await until(`the proxy knows ${replicas} replicas`, { seconds: 15, everyMs: 50 }, async () => {
    const text = await (await fetch(`http://${pod.address}:8081/metrics`)).text()
    return Number(/^dapr_proxy_replicas(?:\{[^}]*\})? (\d+)/m.exec(text)?.[1]) === replicas
  })
  return Date.now() - startedAt
}

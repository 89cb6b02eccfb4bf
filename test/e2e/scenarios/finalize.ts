// A deleted Function: its proxy goes first, and the function stays for what the proxy still holds; then all is gone.
import { publish } from '../ledger/publisher.ts'
import { until } from '../rig/wait.ts'
import { quickRedelivery, recorder } from './functions.ts'
import { expectThat, type Scenario } from './scenario.ts'
import { childrenOf, deploymentPath, expectNothingMissing, functionPath, functionReady, settled } from './steps.ts'

const name = 'leaving'

export const finalize: Scenario = {
  name: 'finalize',
  title: 'deleted under load: the proxy goes before the function, nothing is lost, all is gone',
  forms: ['all', 'campaign'],
  run: async (context) => {
    const { kube } = context.rig
    const ledger = context.ledger('events')
    const fn = recorder(ledger, { name, topic: name, redis: quickRedelivery })
    context.step('it runs and is sent events')
    await context.applyFunction(fn)
    await functionReady(context, name)
    await publish(ledger, name, { count: 200, prefix: 'before' })

    context.step('deleted, the function outlives its proxy')
    const startedAt = Date.now()
    await kube.remove(functionPath(context, name))
    const there = async (deployment: string) =>
      (await kube.find(deploymentPath(context, deployment)))?.metadata.deletionTimestamp === undefined &&
      (await kube.find(deploymentPath(context, deployment))) !== undefined
    await until('the proxy goes', { seconds: 30, everyMs: 50 }, async () => !(await there(`${name}-proxy`)))
    expectThat(await there(name), 'the function went before its proxy')
    await until('the Function is gone', { seconds: 120 }, async () => {
      return (await kube.find(functionPath(context, name))) === undefined
    })
    const goneSeconds = (Date.now() - startedAt) / 1000
    await until('all children are gone', { seconds: 60 }, async () => (await childrenOf(context)).length === 0)

    context.step('made anew it gets what was left in the broker')
    await context.applyFunction(fn)
    await functionReady(context, name)
    expectNothingMissing(await settled(ledger, 20))
    context.figures([{ events: 200, missing: 0, 'gone after s': goneSeconds.toFixed(1) }])
  },
}

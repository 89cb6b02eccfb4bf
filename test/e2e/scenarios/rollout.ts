// Scenario 8: new image, new environment and a new proxy under load; no event is lost and no caller sees an error.
import { greeter, quickRedelivery, recorder } from './functions.ts'
import { startCalls, startEvents } from './load.ts'
import { type Context, expectThat, type Scenario } from './scenario.ts'
import { deploymentPath, expectNothingMissing, functionReady, settled } from './steps.ts'

const replicas = 2
const rate = 100

export const rollout: Scenario = {
  name: 'rollout',
  title: 'a new image, new params and a new proxy under load: no event lost, no caller sees an error',
  forms: ['all', 'campaign'],
  run: async (context) => {
    const events = await rollAsync(context)
    const calls = await rollSync(context)
    context.figures([...events, ...calls.rows])
    const some = [...new Set(calls.errors)].slice(0, 3).join('; ')
    expectThat(calls.errors.length === 0, `${calls.errors.length} calls failed: ${some}`)
  },
}

async function rollAsync(context: Context) {
  const name = 'rolled'
  const ledger = context.ledger('events')
  const fn = (version: number, params: Record<string, string> = {}) =>
    recorder(ledger, { name, replicas, topic: name, image: `e2e/record:${version}`, redis: quickRedelivery, params })
  context.step('an async Function becomes Ready')
  await context.applyFunction(fn(1))
  await functionReady(context, name)
  const changes: [what: string, change: () => Promise<void>][] = [
    ['new image', () => context.applyFunction(fn(2))],
    ['new params', () => context.applyFunction(fn(2, { ROUND: '2' }))],
    ['new proxy pod', () => restart(context, `${name}-proxy`)],
  ]
  const rows = []
  for (const [what, change] of changes) {
    context.step(`${what} at ${rate} events/s: nothing is missing`)
    const before = ledger.published().length
    const load = startEvents(ledger, name, rate, what.replaceAll(' ', '-'))
    await change()
    await functionReady(context, name)
    await load.end()
    const found = await settled(ledger, 20)
    expectNothingMissing(found)
    rows.push({
      what,
      sent: found.published - before,
      missing: found.missing.length,
      duplicates: found.duplicates.size,
    })
  }
  const versions = new Set(ledger.handled().map(({ version }) => version))
  expectThat(versions.has('2'), 'no event was handled by the new image')
  return rows
}

async function rollSync(context: Context) {
  const name = 'called'
  context.step('a sync Function becomes Ready')
  await context.applyFunction(greeter({ name, replicas }))
  await functionReady(context, name)
  const { spec } = await context.rig.kube.get(`/api/v1/namespaces/${context.namespace}/services/${name}`)
  const url = `http://${spec.clusterIP}:${spec.ports[0].port}/`
  context.step('a new image under calls: no caller sees an error')
  const calls = startCalls(url, rate)
  await context.applyFunction(greeter({ name, replicas, image: 'e2e/greet:2' }))
  await functionReady(context, name)
  await calls.end()
  const row = {
    what: 'sync: new image',
    sent: calls.answered + calls.errors.length,
    missing: calls.errors.length,
    duplicates: 0,
  }
  return { rows: [row], errors: calls.errors }
}

/** As `kubectl rollout restart`. */
async function restart(context: Context, deployment: string): Promise<void> {
  const annotations = { 'kubectl.kubernetes.io/restartedAt': new Date().toISOString() }
  await context.rig.kube.merge(deploymentPath(context, deployment), {
    spec: { template: { metadata: { annotations } } },
  })
}

// Scenario 14: publisher → subscriber through both daprds and the proxy, one trace from end to end.
import { existsSync, readFileSync } from 'node:fs'
import type { Ledger } from '../ledger/ledger.ts'
import { functionOf, redisPubsub } from './functions.ts'
import { type Context, expectThat, type Scenario } from './scenario.ts'
import { expectNothingMissing, functionReady, settled } from './steps.ts'

const calls = 100
const topic = 'chained'

interface Trace {
  readonly id: string
  readonly header?: string
  readonly event?: string
}

export const chain: Scenario = {
  name: 'chain',
  title: 'two Functions chained: the trace of each call arrives with its event',
  forms: ['campaign'],
  run: async (context) => {
    const ledger = context.ledger('traces')
    context.step('publisher and subscriber become Ready')
    const outputs = [{ name: 'out', component: 'redis', topic }]
    const inputs = [{ name: 'in', component: 'redis', topic }]
    const pubsub = { redis: redisPubsub() }
    await context.applyFunction(
      functionOf('knative', { name: 'publisher', image: 'e2e/order:1', serving: { outputs, pubsub } }),
    )
    await context.applyFunction(
      functionOf('async', {
        name: 'subscriber',
        image: 'e2e-app/trace:1',
        protocol: 'http',
        params: { LEDGER: ledger.folder },
        serving: { inputs, pubsub },
      }),
    )
    await functionReady(context, 'publisher')
    await functionReady(context, 'subscriber')

    context.step(`${calls} calls with a trace of their own arrive as events with the same trace`)
    const sent = await callAll(context, ledger)
    expectNothingMissing(await settled(ledger, 15))
    const seen = read(`${ledger.folder}/traces`)
    const matches = (kind: 'header' | 'event') =>
      seen.filter((trace) => trace[kind]?.split('-')[1] === sent.get(trace.id)).length
    context.figures([
      {
        calls,
        events: seen.length,
        'same trace in header': matches('header'),
        'same trace in event': matches('event'),
      },
    ])
    expectThat(matches('event') >= calls, `${matches('event')} of ${calls} events carry the trace of their call`)
    expectThat(matches('header') >= calls, `${matches('header')} of ${calls} deliveries carry the trace as a header`)
  },
}

/** id of the event → id of the trace. */
async function callAll(context: Context, ledger: Ledger): Promise<Map<string, string>> {
  const { spec } = await context.rig.kube.get(`/api/v1/namespaces/${context.namespace}/services/publisher`)
  const sent = new Map<string, string>()
  for (let call = 1; call <= calls; call += 1) {
    const trace = call.toString(16).padStart(32, '0')
    const id = `traced-${call}`
    const response = await fetch(`http://${spec.clusterIP}:${spec.ports[0].port}/`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', traceparent: `00-${trace}-00000000000000ff-01` },
      body: JSON.stringify({ id }),
    })
    const answer = await response.text()
    expectThat(response.status === 200, `call ${call} was answered ${response.status}: ${answer}`)
    // The function answers once its daprd has published.
    ledger.recordPublished([{ id, key: 'trace', atMs: Date.now() }])
    sent.set(id, trace)
  }
  return sent
}

function read(file: string): Trace[] {
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1)
  return lines.map((line) => JSON.parse(line) as Trace)
}

// Scenario 5: twenty thousand events from Redis to three replicas, over both protocols.
import { publish } from '../ledger/publisher.ts'
import { unevenness } from '../ledger/verdict.ts'
import { type Protocol, recorder } from './functions.ts'
import { type Context, expectThat, type Scenario } from './scenario.ts'
import { expectNoDuplicates, expectNothingMissing, functionReady, settled } from './steps.ts'

/** Some seconds of them: on a busy machine one of three replicas has more to do than the others for a while, and then another one. */
const count = 20_000
const replicas = 3

export const pubsub: Scenario = {
  name: 'pubsub',
  title: 'Redis pub/sub: every event once, spread evenly over three replicas',
  forms: ['smoke', 'all', 'campaign'],
  run: async (context) => {
    const rows = []
    for (const protocol of ['grpc', 'http'] as const) rows.push(await deliver(context, protocol))
    context.figures(rows)
  },
}

async function deliver(context: Context, protocol: Protocol) {
  const name = `recorder-${protocol}`
  const ledger = context.ledger(protocol)
  context.step(`${name} with ${replicas} replicas becomes Ready`)
  await context.applyFunction(recorder(ledger, { name, replicas, protocol, topic: name }))
  await functionReady(context, name)

  context.step(`${count} events arrive once each over ${protocol}`)
  const startedAt = Date.now()
  await publish(ledger, name, { count })
  const found = await settled(ledger, 15)
  const seconds = (Math.max(...ledger.handled().map(({ atMs }) => atMs)) - startedAt) / 1000
  expectNothingMissing(found)
  expectNoDuplicates(found)

  context.step(`shares over ${protocol} are within 20 % of even`)
  const uneven = unevenness(found, replicas)
  expectThat(uneven <= 0.2, `a replica is ${(uneven * 100).toFixed(0)} % off: ${[...found.shares.values()].join(', ')}`)
  return {
    protocol,
    events: found.handled,
    missing: found.missing.length,
    duplicates: found.duplicates.size,
    shares: [...found.shares.values()].join(' / '),
    'off even': `${(uneven * 100).toFixed(1)} %`,
    'events/s': Math.round(count / seconds),
  }
}

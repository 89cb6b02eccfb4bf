// What a function fails for good goes to the dead-letter topic that its input names, and is not lost.
import { publish } from '../ledger/publisher.ts'
import { redisCli } from '../rig/brokers.ts'
import { until } from '../rig/wait.ts'
import { functionOf, redisPubsub } from './functions.ts'
import { expectThat, type Scenario } from './scenario.ts'
import { functionReady } from './steps.ts'

const events = 20

export const deadLetters: Scenario = {
  name: 'dead-letters',
  title: 'each event that always fails is tried again, and then published to the dead-letter topic',
  forms: ['all', 'campaign'],
  run: async (context) => {
    const rows: Record<string, string | number>[] = []
    for (const protocol of ['grpc', 'http'] as const) {
      const name = `doomed-${protocol}`
      const ledger = context.ledger(name)
      const dead = `doomed-failed-${protocol}`
      const inputs = [{ name: 'events', component: 'redis', topic: name, params: { deadLetterTopic: dead } }]
      // Short, so that the three attempts are over soon.
      const redis = redisPubsub({ processingTimeout: '20000', redeliverInterval: '5000' })
      context.step(`over ${protocol}: ${events} dead letters`)
      await context.applyFunction(
        functionOf('async', {
          name,
          protocol,
          image: 'e2e/fail:1',
          params: { LEDGER: ledger.folder },
          serving: { inputs, pubsub: { redis } },
        }),
      )
      await functionReady(context, name)
      await publish(ledger, name, { count: events })
      const length = async () => Number((await redisCli('XLEN', dead)).trim())
      await until(`${events} dead letters`, { seconds: 60 }, async () => (await length()) >= events)

      context.step('each was tried more than once, and the broker has none of them left')
      const attempts = ledger.handled().length
      expectThat(attempts >= 2 * events, `${attempts} attempts for ${events} events`)
      expectThat((await length()) === events, `${await length()} dead letters of ${events} events`)
      const pending = (await redisCli('XPENDING', name, 'e2e')).split('\n')[0]
      expectThat(Number(pending) === 0, `${pending} events are pending`)
      rows.push({ protocol, events, 'dead letters': await length(), attempts })
    }
    context.figures(rows)
  },
}

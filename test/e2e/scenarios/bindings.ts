// Scenario 6: cron, MQTT and a sync function that publishes: what is neither pub/sub in nor HTTP out.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Ledger } from '../ledger/ledger.ts'
import { mqttAddress, redisCli } from '../rig/brokers.ts'
import { until } from '../rig/wait.ts'
import { cronBinding, functionOf, mqttPubsub, redisPubsub } from './functions.ts'
import { type Context, expectThat, type Scenario } from './scenario.ts'
import { expectNoDuplicates, expectNothingMissing, functionReady, settled } from './steps.ts'

const mqttCount = 200
const orderCount = 50

export const bindings: Scenario = {
  name: 'bindings',
  title: 'cron → function → Redis; MQTT → Node-style function; a sync function that publishes',
  forms: ['all', 'campaign'],
  run: async (context) => {
    const ticks = await cronToRedis(context)
    const mqtt = await mqttToFunction(context)
    const orders = await publishFromSync(context)
    context.figures([{ 'cron ticks': ticks, 'MQTT events': mqtt, 'orders published': orders }])
  },
}

async function cronToRedis(context: Context): Promise<number> {
  context.step('a tick a second goes through the function into a Redis topic')
  await context.applyFunction(
    functionOf('async', {
      name: 'ticker',
      image: 'e2e/tick:1',
      serving: {
        inputs: [{ name: 'clock', component: 'clock' }],
        bindings: { clock: cronBinding('@every 1s') },
        outputs: [{ name: 'out', component: 'redis', topic: 'bound-ticks' }],
        pubsub: { redis: redisPubsub() },
      },
    }),
  )
  await functionReady(context, 'ticker')
  return until('five ticks in Redis', { seconds: 30 }, async () => {
    const count = Number(await redisCli('XLEN', 'bound-ticks'))
    return count >= 5 ? count : undefined
  })
}

async function mqttToFunction(context: Context): Promise<number> {
  const ledger = context.ledger('mqtt')
  context.step(`${mqttCount} MQTT messages reach a function that speaks like OpenFunction's Node framework`)
  await context.applyFunction(
    functionOf('async', {
      name: 'listener',
      image: 'e2e-app/node-style:1',
      protocol: 'http',
      params: { LEDGER: ledger.folder },
      serving: {
        inputs: [{ name: 'mqtt', component: 'mqtt', topic: 'sensors' }],
        pubsub: { mqtt: mqttPubsub() },
      },
    }),
  )
  await functionReady(context, 'listener')
  await publishMqtt(ledger, 'sensors')
  const found = await settled(ledger, 15)
  expectNothingMissing(found)
  expectNoDuplicates(found)
  return found.handled
}

async function publishMqtt(ledger: Ledger, topic: string): Promise<void> {
  const events = Array.from({ length: mqttCount }, (_, index) => ({ id: `m-${index}`, key: 'm', atMs: Date.now() }))
  const address = ['-h', mqttAddress.host, '-p', `${mqttAddress.port}`]
  // QoS 1: it ends well only when the broker has acknowledged every line.
  const child = spawn('mosquitto_pub', [...address, '-q', '1', '-t', topic, '-l'], {
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  child.stdin?.end(events.map(({ id }) => `${cloudEvent(id, topic)}\n`).join(''))
  const [code] = (await once(child, 'exit')) as [number]
  expectThat(code === 0, `mosquitto_pub ended with ${code}`)
  ledger.recordPublished(events)
}

function cloudEvent(id: string, topic: string): string {
  const context = { specversion: '1.0', id, source: 'e2e', type: 'com.dapr.event.sent', topic, pubsubname: 'mqtt' }
  return JSON.stringify({ ...context, datacontenttype: 'application/json', data: { id } })
}

async function publishFromSync(context: Context): Promise<number> {
  context.step(`${orderCount} calls of a sync function's Service publish as many events through DAPR_HOST`)
  await context.applyFunction(
    functionOf('knative', {
      name: 'orders',
      image: 'e2e/order:1',
      serving: {
        outputs: [{ name: 'out', component: 'redis', topic: 'bound-orders' }],
        pubsub: { redis: redisPubsub() },
      },
    }),
  )
  await functionReady(context, 'orders')
  const { spec } = await context.rig.kube.get(`/api/v1/namespaces/${context.namespace}/services/orders`)
  const url = `http://${spec.clusterIP}:${spec.ports[0].port}/`
  for (let order = 0; order < orderCount; order += 1) {
    const body = JSON.stringify({ id: `order-${order}` })
    const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    expectThat(response.status === 200, `call ${order} was answered ${response.status}: ${await response.text()}`)
  }
  const published = Number(await redisCli('XLEN', 'bound-orders'))
  expectThat(published === orderCount, `${published} orders are in Redis`)
  return published
}

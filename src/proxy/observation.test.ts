// What the core tells, and what is seen of it.

import { expect, test } from 'vitest'
import type { Outcome, Route } from '../dapr/event.ts'
import { createLog } from '../shared/log.ts'
import type { ReplicaView } from './counts.ts'
import { createObservation } from './observation.ts'

const orders: Route = { kind: 'topic', name: 'bus/orders', pubsub: 'bus', topic: 'orders' }
const inputs = { in: { componentName: 'bus', componentType: 'pubsub.redis', uri: 'orders' } }
const context = { name: 'f', version: '', runtime: 'Async', port: '8080', inputs } as const

function create(replicas: readonly ReplicaView[] = []) {
  const lines: string[] = []
  const observation = createObservation({
    sources: {
      inFlight: () => 3,
      held: () => 2,
      oldestHeldMs: () => 1500,
      bufferedBytes: () => 100,
      replicas: () => replicas,
    },
    context,
    routes: [orders],
    log: createLog((line) => lines.push(line)),
  })
  const delivered = (outcome: Outcome, { route = orders, ms = 3, replica = 'a:1', breaks = 0 } = {}) =>
    observation.delivered({ route, outcome, replica, attempts: 1, breaks, startedMs: 10, endedMs: 10 + ms })
  const value = async (series: string) => {
    const { text } = await observation.metrics.exposition()
    const line = text.split('\n').find((each) => each.startsWith(`${series} `))
    return line === undefined ? undefined : Number(line.slice(series.length + 1))
  }
  return { observation, delivered, value, lines }
}

const success: Outcome = { kind: 'answered', verdict: 'success' }
const onOrders = 'route="bus/orders",kind="topic"'

test('a route that nothing has come to counts from 0: an alert needs the step from there', async () => {
  const { value } = create()

  expect(await value(`dapr_proxy_would_be_lost_total{${onOrders},cause="no-such-route"}`)).toBe(0)
  expect(await value(`dapr_proxy_events_total{${onOrders},outcome="held-full"}`)).toBe(0)
})

test('counts and times events by route and outcome', async () => {
  const { delivered, value } = create()
  for (const ms of [1, 3, 70_000]) delivered(success, { ms })
  delivered({ kind: 'refused', refusal: 'held-full' })

  const duration = 'dapr_proxy_event_duration_seconds'
  const ofSuccess = `${onOrders},outcome="success"`
  expect(await value(`dapr_proxy_events_total{${ofSuccess}}`)).toBe(3)
  expect(await value(`${duration}_bucket{${ofSuccess},le="0.001"}`)).toBe(1)
  expect(await value(`${duration}_bucket{${ofSuccess},le="0.005"}`)).toBe(2)
  expect(await value(`${duration}_bucket{${ofSuccess},le="60"}`)).toBe(2)
  expect(await value(`${duration}_bucket{${ofSuccess},le="+Inf"}`)).toBe(3)
  expect(await value(`${duration}_sum{${ofSuccess}}`)).toBeCloseTo(70.004)
  expect(await value(`${duration}_count{${onOrders},outcome="held-full"}`)).toBe(1)
  expect(await value(`${duration}_count{${onOrders},outcome="failed"}`)).toBeUndefined()
})

test('tells a loss from a wish: a 404 that daprd takes for a DROP is one, a DROP is none', async () => {
  const { delivered, value } = create()
  delivered({ kind: 'answered', verdict: 'drop' })
  delivered({ kind: 'answered', verdict: 'drop', isMissingRoute: true })
  delivered({ kind: 'answered', verdict: 'retry' })
  delivered({ kind: 'broken', cause: 'reset' })
  delivered(success)

  const lost = (cause: string) => value(`dapr_proxy_would_be_lost_total{${onOrders},cause="${cause}"}`)
  expect([await lost('no-such-route'), await lost('failed'), await lost('undelivered')]).toEqual([1, 1, 1])
  expect(await value(`dapr_proxy_events_total{${onOrders},outcome="drop"}`)).toBe(1)
  expect(await value(`dapr_proxy_events_total{${onOrders},outcome="missing-route"}`)).toBe(1)
})

test('counts retries by cause, and what may have run twice', async () => {
  const { observation, delivered, value } = create()
  observation.retried(orders, 'not-run')
  observation.retried(orders, 'broken')
  delivered({ kind: 'broken', cause: 'reset' }, { breaks: 1 })
  delivered(success, { breaks: 1 })
  delivered({ kind: 'broken', cause: 'reset' }, { route: { kind: 'invoke', name: '' }, breaks: 1 })

  expect(await value(`dapr_proxy_retries_total{${onOrders},cause="not-run"}`)).toBe(1)
  expect(await value(`dapr_proxy_retries_total{${onOrders},cause="broken"}`)).toBe(1)
  expect(await value(`dapr_proxy_possible_duplicates_total{${onOrders}}`)).toBe(2)
  // Nobody delivers an invocation again.
  expect(await value('dapr_proxy_possible_duplicates_total{route="",kind="invoke"}')).toBe(0)
})

test('shows replicas by state, and how often one left and came back', async () => {
  const one = { address: 'a:1', inFlight: 0, answered: 7 }
  const { observation, value } = create([one, { ...one, address: 'b:1', state: 'ejected' }])
  observation.ejected('b:1', 'read ECONNRESET')
  observation.readmitted('b:1')

  expect(await value('dapr_proxy_replicas{state="ready"}')).toBe(1)
  expect(await value('dapr_proxy_replicas{state="ejected"}')).toBe(1)
  expect(await value('dapr_proxy_replicas{state="unreachable"}')).toBe(0)
  expect(await value('dapr_proxy_ejections_total')).toBe(1)
  expect(await value('dapr_proxy_readmissions_total')).toBe(1)
  expect(await value('dapr_proxy_replica_events_total{replica="a:1"}')).toBe(7)
})

test('a thousand replicas do not make a thousand series', async () => {
  const many = Array.from({ length: 1000 }, (_, at) => ({ address: `10.0.0.1:${at}`, inFlight: 0, answered: 1 }))
  const { observation } = create(many)

  const { text } = await observation.metrics.exposition()
  expect(text.match(/^dapr_proxy_replica_events_total\{/gm)).toHaveLength(200)
  expect(text).toContain('dapr_proxy_replicas{state="ready"} 1000')
})

test('a route that was made twice is one series, and no name breaks the text', async () => {
  const { delivered, observation } = create()
  delivered(success, { route: { ...orders } })
  delivered(success)
  delivered(success, { route: { kind: 'binding', name: 'a "b"\\\n' } })

  const { text } = await observation.metrics.exposition()
  expect(
    text.match(/^dapr_proxy_events_total\{route="bus\/orders",kind="topic",outcome="success"\} 2$/gm),
  ).toHaveLength(1)
  expect(text).toContain(
    'dapr_proxy_event_duration_seconds_count{route="a \\"b\\"\\\\\\n",kind="binding",outcome="success"} 1',
  )
})

test('one line for each class of failure, and none for what went as the function wished', () => {
  const { delivered, lines, observation } = create()
  for (let sent = 0; sent < 10; sent += 1) {
    delivered({ kind: 'broken', cause: 'read ECONNRESET' })
    delivered(success)
    delivered({ kind: 'answered', verdict: 'drop' })
  }

  expect(lines.map((line) => JSON.parse(line))).toEqual([
    expect.objectContaining({ level: 'warn', failure: 'broken', route: 'bus/orders', cause: 'read ECONNRESET' }),
    expect.objectContaining({ level: 'error', failure: 'would be lost: undelivered', replica: 'a:1' }),
  ])
  expect(observation.failuresOf('a:1')).toBe(10)
  observation.flush()
  expect(lines).toHaveLength(4)
})

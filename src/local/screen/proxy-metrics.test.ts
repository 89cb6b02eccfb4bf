import { expect, test } from 'vitest'
import { parseMetrics, proxyNumbers } from './proxy-metrics.ts'

const text = `# HELP dapr_proxy_events_total Events by route and by what came of them
# TYPE dapr_proxy_events_total counter
dapr_proxy_events_total{route="bus/orders",kind="topic",outcome="success"} 7
dapr_proxy_events_total{route="tick",kind="binding",outcome="success"} 2
dapr_proxy_events_total{route="a \\"quoted\\", one",kind="topic",outcome="failed"} 1
dapr_proxy_events_total{route="",kind="invoke",outcome="success"} 100
dapr_proxy_held 3
dapr_proxy_replica_events_total{replica="127.0.0.1:1"} 4
dapr_proxy_replica_events_total{replica="127.0.0.1:2"} 5
`

test('parseMetrics reads names, labels and values', () => {
  expect(parseMetrics(text)[2]).toEqual({
    name: 'dapr_proxy_events_total',
    labels: { route: 'a "quoted", one', kind: 'topic', outcome: 'failed' },
    value: 1,
  })
})

test('proxyNumbers sums up events, and leaves invocations out', () => {
  const { held, outcomes, replicas } = proxyNumbers(parseMetrics(text))

  expect(held).toBe(3)
  expect(Object.fromEntries(outcomes)).toEqual({ success: 9, failed: 1 })
  expect(Object.fromEntries(replicas)).toEqual({ '127.0.0.1:1': 4, '127.0.0.1:2': 5 })
})

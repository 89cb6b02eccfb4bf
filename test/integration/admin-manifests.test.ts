// Dashboard and alerts name only what a running proxy has.

import { readFileSync } from 'node:fs'
import { describe, expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { labels } from '../../src/controller/names.ts'
import { defaultSettings } from '../../src/controller/settings.ts'
import { loadFunctions } from '../../src/local/function-files.ts'
import { httpWire } from '../support/http-wire.ts'
import { parsePromql, type Selector } from '../support/promql.ts'
import { setUpProxy } from '../support/proxy.ts'

const root = new URL('../../', import.meta.url)
const read = (file: string): string => readFileSync(new URL(`manifests/dashboards/${file}`, root), 'utf8')

interface Rule {
  readonly alert: string
  readonly expr: string
  readonly labels: { readonly severity: string }
  readonly annotations: { readonly summary: string; readonly description: string }
}
interface Panel {
  readonly title: string
  readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[]
}
interface Variable {
  readonly name: string
  readonly type: string
  readonly query: string
}

const rules: readonly Rule[] = parse(read('prometheus-rule.yaml')).spec.groups.flatMap(
  (group: { rules: Rule[] }) => group.rules,
)
const dashboard = JSON.parse(read('dapr-proxy.json'))
const panels: readonly Panel[] = dashboard.panels
const variables: readonly Variable[] = dashboard.templating.list
const monitor = parse(read('pod-monitor.yaml')).spec

/** What Grafana puts in before Prometheus sees it. */
const filledIn = (expr: string) => expr.replaceAll('$__rate_interval', '5m').replaceAll('$__range', '1h')

const expressions: readonly (readonly [string, string])[] = [
  ...rules.map(({ alert, expr }) => [`alert ${alert}`, expr] as const),
  ...panels.flatMap(({ title, targets }) =>
    targets.map(({ expr }, at) => [`panel ${title} ${at}`, filledIn(expr)] as const),
  ),
]

/** Labels that Prometheus gives to what it scrapes: the operator's own, and those of the PodMonitor. */
const targetLabels: readonly string[] = [
  'namespace',
  'pod',
  ...monitor.podMetricsEndpoints[0].relabelings.map(({ targetLabel }: { targetLabel: string }) => targetLabel),
]

/** Values of each label of each metric, by name. */
type Exposed = ReadonlyMap<string, ReadonlyMap<string, ReadonlySet<string>>>

async function exposed(): Promise<Exposed> {
  const replica = await httpWire.startFunction(() => ({ status: 'SUCCESS' }))
  onTestFinished(() => replica.kill())
  const { proxy, sidecar } = await setUpProxy(httpWire, [replica.port])
  await sidecar.topic(Buffer.from('"x"'))
  const text = await (await fetch(`http://127.0.0.1:${proxy.adminPort}/metrics`)).text()
  const found = new Map<string, Map<string, Set<string>>>()
  for (const [, name = '', inner = ''] of text.matchAll(/^([a-z]\w*)(?:\{(.*)\})? \S+$/gm)) {
    const of = found.get(name) ?? new Map<string, Set<string>>()
    found.set(name, of)
    for (const [, label = '', value = ''] of inner.matchAll(/(\w+)="([^"]*)"/g)) {
      of.set(label, (of.get(label) ?? new Set()).add(value))
    }
  }
  return found
}

/** What is wrong with a selector. */
function problems(all: Exposed, { metric, matchers }: Selector): string[] {
  // Prometheus makes it itself, for each target.
  const own = metric === 'up' ? new Map<string, Set<string>>() : all.get(metric)
  if (own === undefined) return [`there is no ${metric}`]
  return matchers.flatMap(({ label, value }) => {
    if (targetLabels.includes(label)) return []
    const values = own.get(label)
    if (values === undefined) return [`${metric} has no label ${label}`]
    return value
      .split('|')
      .filter((each) => !values.has(each))
      .map((each) => `${metric} has no ${label} "${each}"`)
  })
}

describe('manifests/dashboards', () => {
  test('every expression can be read, and names only metrics, labels and values that exist', async () => {
    const all = await exposed()
    const wrong = expressions.flatMap(([where, expr]) => {
      const { selectors, groupings } = parsePromql(expr)
      expect(selectors.length, where).toBeGreaterThan(0)
      const known = new Set([
        ...targetLabels,
        ...selectors.flatMap(({ metric }) => [...(all.get(metric)?.keys() ?? [])]),
      ])
      const unknown = groupings.filter((label) => !known.has(label)).map((label) => `there is no label ${label}`)
      return [...unknown, ...selectors.flatMap((selector) => problems(all, selector))].map(
        (text) => `${where}: ${text}`,
      )
    })

    expect(wrong).toEqual([])
  })

  test.each([
    ['rate(dapr_proxy_held)', 'a rate needs a range'],
    ['sum by (route (dapr_proxy_held)', 'a bracket is missing'],
    ['sum(dapr_proxy_held) >', 'something is missing'],
    ['dapr_proxy_held{state=ready}', 'quotes are missing'],
    ['median(dapr_proxy_held)', 'no such function'],
  ])('the check would refuse %s: %s', (expr) => {
    expect(() => parsePromql(expr)).toThrow()
  })

  test('the check would see a metric, a label or a value that does not exist', async () => {
    const all = await exposed()
    const of = (expr: string) => parsePromql(expr).selectors.flatMap((selector) => problems(all, selector))

    expect(of('dapr_proxy_holds')).toEqual(['there is no dapr_proxy_holds'])
    expect(of('dapr_proxy_held{node="a"}')).toEqual(['dapr_proxy_held has no label node'])
    expect(of('dapr_proxy_replicas{state="dead"}')).toEqual(['dapr_proxy_replicas has no state "dead"'])
  })

  test('every metric of ours is shown or watched', async () => {
    const named = new Set(expressions.flatMap(([, expr]) => parsePromql(expr).selectors.map(({ metric }) => metric)))

    const ours = [...(await exposed()).keys()].filter((name) => name.startsWith('dapr_proxy_'))
    expect(ours.filter((name) => !named.has(name))).toEqual([])
  })

  test('the README tells of every metric of ours, with its labels, and of no other', async () => {
    const readme = readFileSync(new URL('README.md', root), 'utf8')
    const rows = [...readme.matchAll(/^\| (`dapr_proxy_\w+`(?:, `dapr_proxy_\w+`)*) \| ([^|]*) \|/gm)]
    const told = rows.flatMap(([, names = '', list = '']) =>
      [...names.matchAll(/\w+/g)].map(([name]) => [name, list.split(', ').filter(Boolean).toSorted()] as const),
    )
    const had = [...(await exposed())]
      .filter(([name]) => name.startsWith('dapr_proxy_') && !/_(sum|count)$/.test(name))
      .map(([name, own]) => [name.replace('_bucket', ''), [...own.keys()].filter((label) => label !== 'le').toSorted()])

    expect(new Map(told as [string, string[]][])).toEqual(new Map(had as [string, string[]][]))
  })

  test('texts name only labels that the expression leaves', () => {
    const texts = [
      ...rules.map(({ expr, annotations }) => [expr, `${annotations.summary} ${annotations.description}`] as const),
      ...panels.flatMap(({ targets }) =>
        targets.map(({ expr, legendFormat }) => [filledIn(expr), legendFormat] as const),
      ),
    ]
    for (const [expr, text] of texts) {
      const { selectors, groupings } = parsePromql(expr)
      const left = groupings.length > 0 || selectors[0]?.metric !== 'up' ? groupings : targetLabels
      const used = [...text.matchAll(/\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}/g)].map(([, label]) => label)
      expect(left, text).toEqual(expect.arrayContaining(used))
    }
  })

  test('every alert says how bad it is and what to do', () => {
    for (const { alert, labels: own, annotations } of rules) {
      expect(['critical', 'warning'], alert).toContain(own.severity)
      expect(annotations.description.length, alert).toBeGreaterThan(40)
    }
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length)
  })

  test('the dashboard asks for its variables, and each has a label that exists', async () => {
    const all = await exposed()
    for (const { name, type, query } of variables.filter((each) => each.type === 'query')) {
      expect(type).toBe('query')
      expect(targetLabels).toContain(name)
      expect(query).toMatch(/^label_values\(dapr_proxy_in_flight(\{.*\})?, \w+\)$/)
    }
    expect(all.has('dapr_proxy_in_flight')).toBe(true)
    const used = new Set([...JSON.stringify(panels).matchAll(/\$\{?([a-z]+)\b/g)].map(([, name]) => name))
    expect([...used].toSorted()).toEqual(variables.map(({ name }) => name).toSorted())
  })

  test('the PodMonitor finds the proxies that the controller makes', async () => {
    const { functions } = await loadFunctions(
      [new URL('manifests/samples/sink.yaml', root).pathname],
      root.pathname,
      defaultSettings,
    )
    const [loaded] = functions
    const pod = loaded && labels(loaded.fn, 'proxy')

    expect(pod).toMatchObject(monitor.selector.matchLabels)
    expect(monitor.podMetricsEndpoints[0]).toMatchObject({ port: 'admin', path: '/metrics' })
    expect(pod).toHaveProperty(['openfunction.io/function'])
    const sources = monitor.podMetricsEndpoints[0].relabelings.flatMap(
      (each: { sourceLabels?: string[] }) => each.sourceLabels ?? [],
    )
    expect(sources).toEqual(['__meta_kubernetes_pod_label_openfunction_io_function'])
  })
})

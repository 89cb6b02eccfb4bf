// Reads what a proxy says of itself on /metrics.

export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface ProxyNumbers {
  readonly held: number
  /** Events by what came of them. */
  readonly outcomes: ReadonlyMap<string, number>
  /** Events answered by each replica, by `host:port`. */
  readonly replicas: ReadonlyMap<string, number>
}

const timeoutMs = 1000

/** Undefined if the proxy does not answer. */
export async function readProxy(adminPort: number): Promise<ProxyNumbers | undefined> {
  try {
    const signal = AbortSignal.timeout(timeoutMs)
    const response = await fetch(`http://127.0.0.1:${adminPort}/metrics`, { signal })
    return proxyNumbers(parseMetrics(await response.text()))
  } catch {
    return undefined
  }
}

export function proxyNumbers(samples: readonly Sample[]): ProxyNumbers {
  const events = samples.filter(({ name, labels }) => name === 'dapr_proxy_events_total' && labels.kind !== 'invoke')
  const answered = samples.filter(({ name }) => name === 'dapr_proxy_replica_events_total')
  return {
    held: sum(samples.filter(({ name }) => name === 'dapr_proxy_held')),
    outcomes: sumBy(events, 'outcome'),
    replicas: sumBy(answered, 'replica'),
  }
}

const sum = (samples: readonly Sample[]): number => samples.reduce((total, { value }) => total + value, 0)

function sumBy(samples: readonly Sample[], label: string): Map<string, number> {
  const totals = new Map<string, number>()
  for (const { labels, value } of samples) {
    const key = labels[label] ?? ''
    totals.set(key, (totals.get(key) ?? 0) + value)
  }
  return totals
}

/** The text format of Prometheus, as far as counters and gauges need it. */
export function parseMetrics(text: string): Sample[] {
  return text.split('\n').flatMap((line) => {
    const match = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)/.exec(line)
    if (!match) return []
    const labels = [...(match[2] ?? '').matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key = '', value = '']) => [
      key,
      value.replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char)),
    ])
    return [{ name: match[1] ?? '', labels: Object.fromEntries(labels), value: Number(match[3]) }]
  })
}

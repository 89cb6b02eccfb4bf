// Everything a person needs to act on a failed scenario, in one place.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import type { Ledger } from '../ledger/ledger.ts'
import { paths } from '../rig/paths.ts'
import type { Rig } from '../rig/rig.ts'

export interface Failure {
  readonly scenario: string
  readonly namespace: string
  readonly step: string
  readonly error: Error
  readonly ledgers: readonly Ledger[]
}

const kinds =
  'functions,deployments,replicasets,pods,services,endpointslices,components,subscriptions,resiliencies,configurations.dapr.io,roles,rolebindings'

export async function describeFailure(rig: Rig, failure: Failure): Promise<string> {
  const { scenario, namespace, step, error } = failure
  const objects = await rig
    .kubectl('get', kinds, '-n', namespace, '-o', 'yaml')
    .catch((reason: Error) => `no objects: ${reason.message}`)
  const file = `${paths.logs}/failed-${scenario}.yaml`
  writeFileSync(file, objects)
  const overview = await rig.kubectl('get', kinds, '-n', namespace).catch(() => '')
  const functions = await rig.kubectl('get', 'functions', '-n', namespace, '-o', 'yaml').catch(() => '')
  return [
    `FAILED ${scenario}`,
    `  step:     ${step}`,
    `  seen:     ${error.message}`,
    ...failure.ledgers.map(ledgerTail),
    heading('objects', `all of them: ${file}`),
    overview,
    functions,
    ...(await proxyViews(rig, namespace)),
    ...logTails(namespace),
  ].join('\n')
}

function ledgerTail(ledger: Ledger): string {
  const parts = ['published', 'handled'].map((part) => {
    const file = `${ledger.folder}/${part}`
    return `${heading(`ledger ${ledger.name}: ${part}`, file)}\n${lastLines(file, 5)}`
  })
  return parts.join('\n')
}

/** What each proxy believes: its replicas, and what it holds. */
async function proxyViews(rig: Rig, namespace: string): Promise<string[]> {
  const pods = rig.kubelet.pods(namespace).filter((pod) => pod.container('dapr-proxy') !== undefined)
  return Promise.all(
    pods.map(async (pod) => {
      const url = `http://${pod.address}:8081/metrics`
      const answer = await fetch(url, { signal: AbortSignal.timeout(2000) }).catch(() => undefined)
      const lines = ((await answer?.text()) ?? 'no answer').split('\n')
      const gauges = lines.filter((line) =>
        /^dapr_proxy_(replicas|held|in_flight|events_total|replica_events_total)\b/.test(line),
      )
      return [heading(`proxy ${pod.name}`, url), ...gauges.map((line) => `    ${line}`)].join('\n')
    }),
  )
}

/** First what ran in the scenario's namespace, then what every scenario leans on. */
function logTails(namespace: string): string[] {
  const own = (file: string) => file.startsWith(`${namespace}.`)
  const shared = (file: string) => /^(metacontroller|dapr-proxy)\./.test(file)
  const files = readdirSync(paths.logs).filter((file) => file.endsWith('.log'))
  return [...files.filter(own), ...files.filter(shared)].map((file) => {
    const path = `${paths.logs}/${file}`
    return `${heading('log', path)}\n${lastLines(path, own(file) ? 12 : 6)}`
  })
}

function lastLines(file: string, count: number): string {
  if (!existsSync(file)) return '(nothing)'
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  return lines
    .slice(-count)
    .map((line) => `    ${line.slice(0, 400)}`)
    .join('\n')
}

function heading(what: string, where: string): string {
  return `  --- ${what} (${where})`
}

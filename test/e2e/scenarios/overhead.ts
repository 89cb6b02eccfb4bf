// Scenario 4: what 1, 3 and 5 replicas cost in processes and resident memory, standalone beside sidecar.
import { readFileSync } from 'node:fs'
import { publish } from '../ledger/publisher.ts'
import { pause, until } from '../rig/wait.ts'
import { type Mode, recorder } from './functions.ts'
import { type Context, expectThat, type Scenario } from './scenario.ts'
import { expectNothingMissing, functionPath, functionReady, settled } from './steps.ts'

const events = 1000

export const overhead: Scenario = {
  name: 'overhead',
  title: 'resident memory and processes for 1, 3 and 5 replicas, standalone beside sidecar',
  forms: ['campaign'],
  run: async (context) => {
    const rows = []
    for (const mode of ['standalone', 'sidecar'] as const) {
      for (const replicas of [1, 3, 5]) rows.push(await measure(context, mode, replicas))
    }
    context.figures(rows)
  },
}

async function measure(context: Context, mode: Mode, replicas: number) {
  const name = `cost-${mode}-${replicas}`
  const ledger = context.ledger(name)
  context.step(`${name} has handled ${events} events`)
  await context.applyFunction(recorder(ledger, { name, mode, replicas, topic: name }))
  await functionReady(context, name, mode)
  await publish(ledger, name, { count: events })
  expectNothingMissing(await settled(ledger, 15))
  // Memory of the burst is given back in this time, as far as it ever is.
  await pause(5000)
  const found = context.rig.kubelet
    .pods(context.namespace)
    .flatMap(({ containers }) =>
      containers.map(({ spec, process }) => ({ name: spec.name, mebibytes: residentMebibytes(process?.pid) })),
    )
  // A proxy and a daprd for all replicas, or a daprd for each.
  const expected = mode === 'standalone' ? replicas + 2 : replicas * 2
  expectThat(found.length === expected, `${found.length} processes run, ${expected} should`)
  const sum = (container: string) =>
    Math.round(found.reduce((total, one) => (one.name === container ? total + one.mebibytes : total), 0))
  await context.rig.kube.remove(functionPath(context, name))
  await gone(context)
  return {
    mode,
    replicas,
    processes: found.length,
    'function MiB': sum('function'),
    'proxy MiB': sum('dapr-proxy'),
    'daprd MiB': sum('daprd'),
    'total MiB': Math.round(found.reduce((total, { mebibytes }) => total + mebibytes, 0)),
  }
}

async function gone(context: Context): Promise<void> {
  await until('all pods are gone', { seconds: 60 }, () => context.rig.kubelet.pods(context.namespace).length === 0)
}

export function residentMebibytes(pid: number | undefined): number {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+)/m.exec(text)?.[1] ?? 0) / 1024
}

// Scenario 3: a daprd that takes seven seconds to start delays a sidecar's pod, and not a pod in standalone mode.
import type { PodRun } from '../kubelet/pod-run.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { publish } from '../ledger/publisher.ts'
import { until } from '../rig/wait.ts'
import { type Mode, recorder } from './functions.ts'
import { type Context, expectThat, type Scenario } from './scenario.ts'
import { functionReady, onePodOf, podsOf } from './steps.ts'

const delayMs = 7000
const starts = 5

export const slowDaprd: Scenario = {
  name: 'slow-daprd',
  title: 'a daprd that needs 7 s: time to Ready and to the first event, standalone beside sidecar',
  forms: ['all', 'campaign'],
  run: async (context) => {
    const seen = { standalone: await measure(context, 'standalone'), sidecar: await measure(context, 'sidecar') }
    context.figures(
      Array.from({ length: starts }, (_, index) => ({
        start: index + 1,
        'standalone Ready, ms': seen.standalone[index]?.readyMs ?? 0,
        'sidecar Ready, ms': seen.sidecar[index]?.readyMs ?? 0,
        'standalone first event, ms': seen.standalone[index]?.eventMs ?? 0,
        'sidecar first event, ms': seen.sidecar[index]?.eventMs ?? 0,
      })),
    )
    context.step('standalone is unaffected, sidecar waits for its daprd')
    const slowest = Math.max(...seen.standalone.map(({ readyMs }) => readyMs))
    const fastest = Math.min(...seen.sidecar.map(({ readyMs }) => readyMs))
    expectThat(slowest < delayMs, `a standalone pod took ${slowest} ms to become Ready`)
    expectThat(fastest >= delayMs, `a sidecar's pod was Ready after ${fastest} ms, before its daprd`)
    const saved = average(seen.sidecar) - average(seen.standalone)
    const latest = Math.max(...seen.standalone.map(({ eventMs }) => eventMs))
    expectThat(latest < delayMs, `a standalone pod's first event came ${latest} ms after the pod`)
    expectThat(saved >= delayMs * 0.9, `the difference of the averages is ${saved} ms`)
  },
}

function average(rows: readonly { readyMs: number }[]): number {
  return Math.round(rows.reduce((sum, { readyMs }) => sum + readyMs, 0) / rows.length)
}

async function measure(context: Context, mode: Mode) {
  const name = `slow-${mode}`
  const ledger = context.ledger(mode)
  context.step(`${name} becomes Ready with a quick daprd`)
  await context.applyFunction(recorder(ledger, { name, mode, topic: name }))
  await functionReady(context, name, mode)
  context.rig.kubelet.setDaprdDelay(delayMs)
  const rows = []
  try {
    for (let start = 0; start < starts; start += 1) {
      context.step(`start ${start + 1} of a pod of ${name} with a daprd that takes ${delayMs} ms`)
      rows.push(await replacePod(context, name, ledger, start))
    }
  } finally {
    context.rig.kubelet.setDaprdDelay(0)
  }
  return rows
}

async function replacePod(context: Context, name: string, ledger: Ledger, start: number) {
  const old = await onePodOf(context, name)
  const path = `/api/v1/namespaces/${context.namespace}/pods/${old.name}`
  await context.rig.kube.remove(path, { gracePeriodSeconds: 0 })
  await until(
    'the old pod is gone',
    { seconds: 30, everyMs: 20 },
    () => !context.rig.kubelet.pods(context.namespace).includes(old),
  )
  await publish(ledger, name, { count: 1, prefix: `start-${start}` })
  const pod: PodRun = await until('the next pod', { seconds: 20, everyMs: 20 }, async () => {
    return (await podsOf(context, name)).find((one) => one !== old)
  })
  const readyAtMs = await until('the pod is Ready', { seconds: 60, everyMs: 20 }, () => pod.readyAtMs)
  const event = await until('the event is handled by the new pod', { seconds: 120, everyMs: 20 }, () =>
    ledger.handled().find(({ id, replica }) => id === `start-${start}-0` && replica === pod.name),
  )
  return { readyMs: readyAtMs - pod.seenAtMs, eventMs: event.atMs - pod.seenAtMs }
}

// Scenario 13: twenty Functions applied, changed and deleted at once.
import { readFileSync } from 'node:fs'
import type { KubeObject } from '../rig/kube.ts'
import { until } from '../rig/wait.ts'
import { greeter } from './functions.ts'
import { residentMebibytes } from './overhead.ts'
import { controllerName, productNamespace } from './product.ts'
import { syncs } from './quiet.ts'
import { type Context, expectThat, type Scenario } from './scenario.ts'
import { functionPath } from './steps.ts'

const count = 20
const names = Array.from({ length: count }, (_, index) => `many-${index + 1}`)

export const many: Scenario = {
  name: 'many',
  title: `${count} Functions at once: applied, changed, deleted`,
  forms: ['campaign'],
  run: async (context) => {
    const rows = []
    rows.push(
      await measured(context, 'apply', async () => {
        await Promise.all(names.map((name) => context.applyFunction(greeter({ name, replicas: 1 }))))
        await allReady(context, 1)
      }),
    )
    await eachAnswersItself(context, 'hello')
    const params = { GREETING: 'good day' }
    rows.push(
      await measured(context, 'change', async () => {
        await Promise.all(names.map((name) => context.applyFunction(greeter({ name, replicas: 1, params }))))
        await allReady(context, 2)
      }),
    )
    await eachAnswersItself(context, params.GREETING)
    rows.push(
      await measured(context, 'delete', async () => {
        await Promise.all(names.map((name) => context.rig.kube.remove(functionPath(context, name))))
        await until('all pods are gone', { seconds: 180 }, () => {
          return context.rig.kubelet.pods(context.namespace).length === 0
        })
      }),
    )
    context.figures(rows)
  },
}

async function measured(context: Context, what: string, work: () => Promise<void>) {
  context.step(`${what} ${count} Functions at once`)
  const before = { atMs: Date.now(), syncs: await syncs(context), cpuMs: cpuMs(context) }
  await work()
  const memory = webhookPids(context).map(residentMebibytes)
  return {
    what,
    'all done, s': ((Date.now() - before.atMs) / 1000).toFixed(1),
    'sync calls': (await syncs(context)) - before.syncs,
    'webhook CPU, ms': cpuMs(context) - before.cpuMs,
    'webhook MiB': memory.map((mebibytes) => Math.round(mebibytes)).join(' + '),
  }
}

async function allReady(context: Context, generation: number): Promise<void> {
  const isReady = ({ metadata, status }: KubeObject) =>
    (metadata.generation ?? 0) >= generation &&
    status?.observedGeneration === metadata.generation &&
    status.conditions?.find((one: { type: string }) => one.type === 'Ready')?.status === 'True'
  await until(`all ${count} Functions are Ready`, { seconds: 300, everyMs: 500 }, async () => {
    const { items } = await context.rig.kube.list(functionPath(context, '').replace(/\/$/, ''))
    return items.length === count && items.every(isReady)
  })
}

/** One call of each Function's Service: a pod of that very Function answers, with its present params. */
async function eachAnswersItself(context: Context, greeting: string): Promise<void> {
  context.step(`each of the ${count} Functions answers for itself with "${greeting}"`)
  const answers = await Promise.all(names.map((name) => firstAnswer(context, name)))
  const wrong = answers.flatMap((answer, index) => {
    const name = names[index]
    const isRight = answer.replica.startsWith(`${name}-`) && answer.greeting === greeting
    return isRight ? [] : [`${name} was answered "${answer.greeting}" by ${answer.replica}`]
  })
  expectThat(wrong.length === 0, `${wrong.length} wrong answers: ${wrong.slice(0, 3).join('; ')}`)
}

/** kube-proxy follows a Ready pod after a moment; what does not connect yet is tried again, what answers is the answer. */
async function firstAnswer({ rig, namespace }: Context, name: string): Promise<{ replica: string; greeting: string }> {
  const { spec } = await rig.kube.get(`/api/v1/namespaces/${namespace}/services/${name}`)
  const url = `http://${spec.clusterIP}:${spec.ports[0].port}/`
  const response = await until(`an answer of ${name}`, { seconds: 20 }, () =>
    fetch(url, { headers: { connection: 'close' }, signal: AbortSignal.timeout(5000) }),
  )
  return (await response.json()) as { replica: string; greeting: string }
}

function webhookPids(context: Context): number[] {
  const pods = context.rig.kubelet.pods(productNamespace).filter((pod) => pod.name.startsWith(controllerName))
  return pods.flatMap((pod) => pod.containers.flatMap(({ process }) => process?.pid ?? []))
}

/** User and system time of all replicas of the webhook; the kernel counts in hundredths of a second. */
function cpuMs(context: Context): number {
  return webhookPids(context).reduce((sum, pid) => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ')
    return sum + (Number(fields[11]) + Number(fields[12])) * 10
  }, 0)
}

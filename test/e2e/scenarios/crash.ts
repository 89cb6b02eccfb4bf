// Scenario 7: whatever is killed under load, every event that the broker took is handled.
import type { PodRun } from '../kubelet/pod-run.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { type Verdict, verdict } from '../ledger/verdict.ts'
import type { DaprdVersion } from '../rig/profile.ts'
import { pause, until } from '../rig/wait.ts'
import { quickRedelivery, recorder } from './functions.ts'
import { startEvents } from './load.ts'
import { type Context, expectThat, type Form, type Scenario } from './scenario.ts'
import { expectNothingMissing, functionReady, onePodOf, podIsReady, podsOf, settled } from './steps.ts'

const name = 'crashed'
const replicas = 3
const rate = 200

/** How often each victim is killed; fewer times on the older daprd, whose redelivery takes its time. */
const times: Record<Form, Record<DaprdVersion, readonly number[]>> = {
  smoke: { '1.18': [3, 1, 1, 1], '1.16': [1, 1, 1, 1] },
  all: { '1.18': [10, 5, 5, 2], '1.16': [3, 2, 2, 1] },
  campaign: { '1.18': [50, 20, 20, 10], '1.16': [50, 20, 20, 10] },
}

interface Victim {
  readonly what: string
  kill(context: Context): Promise<void>
}

const victims: readonly Victim[] = [
  { what: 'a replica', kill: async (context) => killContainer(pick(await podsOf(context, name)), 'function') },
  { what: 'the proxy process', kill: async (context) => killContainer(await proxyPod(context), 'dapr-proxy') },
  { what: 'daprd', kill: async (context) => killContainer(await proxyPod(context), 'daprd') },
  { what: 'the proxy pod', kill: killProxyPod },
]

const title = 'SIGKILL of replica, proxy, daprd and the whole proxy pod under load loses nothing'

export const crash: Scenario = {
  name: 'crash',
  title,
  forms: ['smoke', 'all', 'campaign'],
  run: (context) => killAll(context, times[context.form][context.rig.profile.daprdVersion]),
}

export const crashOlder: Scenario = {
  name: 'crash-1.16',
  title: `${title}, on daprd 1.16`,
  forms: ['all', 'campaign'],
  daprd: '1.16',
  run: (context) => killAll(context, times[context.form]['1.16']),
}

async function killAll(context: Context, counts: readonly number[]): Promise<void> {
  const ledger = context.ledger('events')
  context.step('a Function with three replicas becomes Ready')
  await context.applyFunction(
    recorder(ledger, { name, replicas, topic: name, redis: quickRedelivery, params: { DELAY_MS: '20' } }),
  )
  await functionReady(context, name)
  const rows = []
  const seen = { events: 0, missing: 0, duplicates: 0, 'of them across a kill': 0 }
  const allMoments: Moment[] = []
  const lost: string[] = []
  for (const [index, victim] of victims.entries()) {
    const kills = counts[index] ?? 0
    context.step(`${kills} × SIGKILL of ${victim.what} at ${rate} events/s: every event comes`)
    const { found, moments } = await killUnderLoad(context, ledger, victim, kills)
    allMoments.push(...moments)
    const now = {
      events: found.published,
      missing: found.missing.length,
      duplicates: found.duplicates.size,
      'of them across a kill': acrossAKill(ledger, found, allMoments),
    }
    rows.push({ victim: victim.what, kills, ...since(seen, now) })
    if (now.missing > seen.missing) lost.push(victim.what)
    Object.assign(seen, now)
  }
  context.figures(rows)
  context.step(`nothing is missing after any of the kills (${lost.join(', ') || 'none'} lost events)`)
  expectNothingMissing(verdict(ledger.published(), ledger.handled()))
}

/** Figures of one victim out of totals. */
function since<T extends Record<string, number>>(before: T, now: T): Record<string, number> {
  return Object.fromEntries(Object.entries(now).map(([name, value]) => [name, value - (before[name] ?? 0)]))
}

/** A kill, from just before it until the victim was dead. */
interface Moment {
  readonly beginMs: number
  readonly endMs: number
}

/** Duplicates with a kill between their handlings: work that was under way then and had to be done again. */
function acrossAKill(ledger: Ledger, { duplicates }: Verdict, moments: readonly Moment[]): number {
  const span = new Map<string, { first: number; last: number }>()
  for (const { id, atMs } of ledger.handled()) {
    if (duplicates.has(id)) span.set(id, { first: span.get(id)?.first ?? atMs, last: atMs })
  }
  const isAcross = ({ first, last }: { first: number; last: number }) =>
    moments.some(({ beginMs, endMs }) => first <= endMs && last >= beginMs)
  return [...span.values()].filter(isAcross).length
}

async function killUnderLoad(
  context: Context,
  ledger: Ledger,
  victim: Victim,
  kills: number,
): Promise<{ found: Verdict; moments: Moment[] }> {
  const moments: Moment[] = []
  const load = startEvents(ledger, name, rate, victim.what.replaceAll(' ', '-'))
  try {
    for (let kill = 0; kill < kills; kill += 1) {
      // At an arbitrary moment of the work, not in step with the publisher.
      await pause(500 + Math.random() * 1000)
      const beginMs = Date.now()
      await victim.kill(context)
      moments.push({ beginMs, endMs: Date.now() })
      await until('everything is Ready again', { seconds: 60 }, () => allReady(context))
      const before = ledger.handledBytes()
      // The gRPC client of daprd waits up to 120 s after dials that failed (grpc-go's back-off): killed again before it has
      // dialled, a proxy would take no event for the whole row of kills, which is a crash loop and not a crash.
      await until('events flow again', { seconds: 150 }, () => ledger.handledBytes() > before)
    }
  } finally {
    await load.end()
  }
  // Redelivery after a crash of daprd takes processingTimeout and an interval; what lasts longer is lost.
  return { found: await settled(ledger, 12), moments }
}

async function allReady(context: Context): Promise<boolean> {
  const pods = [...(await podsOf(context, name)), ...(await podsOf(context, `${name}-proxy`))]
  if (pods.length !== replicas + 1) return false
  const isRunning = pods.every((pod) => pod.containers.every((container) => container.process?.isRunning()))
  const ready = await Promise.all(pods.map((pod) => podIsReady(context, pod.name)))
  return isRunning && ready.every((one) => one)
}

function proxyPod(context: Context): Promise<PodRun> {
  return onePodOf(context, `${name}-proxy`)
}

async function killContainer(pod: PodRun, containerName: string): Promise<void> {
  const process = pod.container(containerName)?.process
  expectThat(process !== undefined, `pod ${pod.name} has no running container ${containerName}`)
  process.signal('SIGKILL')
  await process.exited
}

/** As when a node dies and the pod is replaced: all processes at once, then the object. */
async function killProxyPod(context: Context): Promise<void> {
  const pod = await proxyPod(context)
  for (const container of pod.containers) container.process?.signal('SIGKILL')
  await context.rig.kube.remove(`/api/v1/namespaces/${context.namespace}/pods/${pod.name}`, { gracePeriodSeconds: 0 })
}

function pick(pods: readonly PodRun[]): PodRun {
  const pod = pods[Math.floor(Math.random() * pods.length)]
  expectThat(pod !== undefined, 'there is no replica to kill')
  return pod
}

// `make bench-controller`: what does an answer of the webhook cost, by the size of the question, and does a long run leave anything behind?

import { parseArgs } from 'node:util'
import { cpuMicros, residentMiB } from '../usage.ts'
import { firstRequest, settledRequest } from './requests.ts'
import { startWebhook, type Webhook } from './webhook.ts'

const help = `Asks the webhook's process over HTTP, and counts its CPU time: that of the machine's other work does not count.

Usage: make bench-controller [SYNCS=100000]

  SYNCS     questions of the long run, whose memory is watched (default 100,000)
  PROFILE   folder for a CPU profile; the figures of such a run mean nothing

Exit codes: 0 fine, 1 a bar is missed, 2 wrong use.
`

/** As many as Metacontroller has workers for a controller. */
const connections = 5
/** CPU time of one typical sync, in microseconds: 1,000 of them in a second of one core. */
const mostMicros = 1000
/** Times of an answer, one question at a time, in milliseconds. */
const mostMs = 5
/** CPU time of a byte of a large request, against one of a request that is a tenth of it. */
const mostGrowth = 1.5
/** Memory at the end of the long run, against that after its first tenth. */
const mostMemory = 1.25

const { values } = parseArgs({
  options: { syncs: { type: 'string', default: '100000' }, help: { type: 'boolean', default: false } },
})
const syncs = Number(values.syncs)
if (values.help || !Number.isInteger(syncs) || syncs < 1000) {
  process.stdout.write(help)
  process.exit(values.help ? 0 : 2)
}
const { PROFILE } = process.env
const profiling = PROFILE ? ['--cpu-prof', '--cpu-prof-dir', PROFILE] : []

interface Measured {
  readonly bytes: number
  /** CPU time of one answer, in microseconds, of the webhook and of a server that only reads, parses and answers. */
  readonly micros: number
  readonly bareMicros: number
  readonly p50: number
  readonly p99: number
  /** What the machine's other work makes of the time of any answer. */
  readonly bareP99: number
}

interface Load {
  readonly body: string
  readonly count: number
  /** Questions that are under way at a time. */
  readonly workers: number
  readonly path?: string
}

/** How long each of them took, in milliseconds, the shortest first. */
async function ask(server: Webhook, { body, count, workers, path }: Load): Promise<number[]> {
  const times: number[] = []
  let left = count
  const work = async () => {
    while (left > 0) {
      left -= 1
      const startMs = performance.now()
      await server.sync(body, path)
      times.push(performance.now() - startMs)
    }
  }
  await Promise.all(Array.from({ length: workers }, work))
  return times.sort((a, b) => a - b)
}

async function cpuOf(server: Webhook, load: Load): Promise<number> {
  const before = cpuMicros(server.pid).ran
  await ask(server, load)
  return (cpuMicros(server.pid).ran - before) / load.count
}

/** In turns, round after round, so that a machine that is slow for a while is slow for both. */
async function measure(webhook: Webhook, bare: Webhook, body: string, count: number): Promise<Measured> {
  const answer = await webhook.sync(body)
  const load = { body, count: Math.ceil(count / 5), workers: connections }
  const bareLoad = { ...load, path: `/${answer.length}` }
  const rounds: { micros: number; bareMicros: number }[] = []
  for (let round = 0; round <= 5; round += 1) {
    const micros = await cpuOf(webhook, load)
    rounds.push({ micros, bareMicros: await cpuOf(bare, bareLoad) })
  }
  // The first one warms up.
  const middle = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[2] ?? 0
  const micros = middle(rounds.slice(1).map((each) => each.micros))
  const bareMicros = middle(rounds.slice(1).map((each) => each.bareMicros))
  const times = await ask(webhook, { ...load, count, workers: 1 })
  const bareTimes = await ask(bare, { ...bareLoad, count, workers: 1 })
  const at = (of: readonly number[], share: number): number => of[Math.floor(of.length * share)] ?? 0
  const [p50, p99] = [at(times, 0.5), at(times, 0.99)]
  return { bytes: body.length, micros, bareMicros, p50, p99, bareP99: at(bareTimes, 0.99) }
}

async function longRun(webhook: Webhook, body: string): Promise<readonly number[]> {
  const memory: number[] = []
  for (let tenth = 0; tenth < 10; tenth += 1) {
    await ask(webhook, { body, count: syncs / 10, workers: connections })
    memory.push(residentMiB(webhook.pid))
  }
  return memory
}

const webhook = await startWebhook('webhook', connections, profiling)
const bare = await startWebhook('bare', connections)
const typical = await settledRequest(10_000, webhook.sync)
const bodies: readonly (readonly [string, string, number])[] = [
  ['small', firstRequest(), 2000],
  ['typical', typical, 2000],
  ['100 kB', await settledRequest(100_000, webhook.sync), 300],
  ['large', await settledRequest(1_000_000, webhook.sync), 50],
]
// Compiled code is what is measured.
await ask(webhook, { body: typical, count: 3000, workers: connections })
const measured: Measured[] = []
for (const [, body, count] of bodies) measured.push(await measure(webhook, bare, body, count))
console.table(
  measured.map(({ bytes, micros, bareMicros, p50, p99, bareP99 }, index) => ({
    request: bodies[index]?.[0],
    bytes,
    'CPU µs': Math.round(micros),
    'of a bare server': Math.round(bareMicros),
    'syncs/s of a core': Math.round(1e6 / micros),
    'ns per byte': Math.round((micros * 1000) / bytes),
    'p50 ms': p50.toFixed(2),
    'p99 ms': p99.toFixed(2),
    'of a bare one': bareP99.toFixed(2),
  })),
)
bare.stop()
const memory = await longRun(webhook, typical)
webhook.stop()
console.log(`memory over ${syncs} typical syncs, MiB: ${memory.map(Math.round).join(' ')}`)

const [, one, medium, large] = measured as [Measured, Measured, Measured, Measured]
const perByte = ({ micros, bytes }: Measured): number => micros / bytes
const bars: readonly (readonly [string, boolean])[] = [
  [`CPU time of a typical sync is below ${mostMicros} µs`, one.micros < mostMicros],
  [`p99 of a typical sync is below ${mostMs} ms`, one.p99 < mostMs],
  [
    `a byte of a large request costs less than ${mostGrowth} of one of 100 kB`,
    perByte(large) < perByte(medium) * mostGrowth,
  ],
  [`memory at the end is below ${mostMemory} of that after a tenth`, (memory[9] ?? 0) < (memory[0] ?? 0) * mostMemory],
]
for (const [bar, isKept] of bars) console.log(`${isKept ? 'ok    ' : 'MISSED'} ${bar}`)
process.exitCode = bars.every(([, isKept]) => isKept) ? 0 : 1

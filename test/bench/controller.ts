// How many questions the webhook's core answers in a second, and that a long run leaves nothing behind.
// Usage: node --expose-gc --import tsx test/bench/controller.ts [--syncs 100000]

import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { answer } from '../../src/controller/hooks.ts'
import { compileShape } from '../../src/controller/rules/schema.ts'
import { defaultSettings as settings } from '../../src/controller/settings.ts'

const { values } = parseArgs({ options: { syncs: { type: 'string', default: '100000' } } })
const crd = readFileSync(new URL('../../metacontroller/crd/functions.yaml', import.meta.url), 'utf8')
const asked = { settings, checkShape: compileShape(crd), nowMs: 0 }

interface Child {
  readonly kind: string
  readonly apiVersion: string
  readonly metadata: { readonly name: string }
}

/** A request of about `bytes`: the Function, its children and what managed fields and others add to them. */
function requestOf(bytes: number): string {
  const spec = {
    image: 'example/orders:v1',
    serving: {
      runtime: 'async',
      scaleOptions: { minReplicas: 1, maxReplicas: 5 },
      inputs: [{ name: 'in', component: 'bus', topic: 'orders' }],
      outputs: [{ name: 'out', component: 'bus', topic: 'done' }],
      pubsub: { bus: { type: 'pubsub.redis', version: 'v1', metadata: [{ name: 'redisHost', value: 'redis:6379' }] } },
    },
  }
  const metadata = { name: 'orders', namespace: 'shop', uid: '1', generation: 1 }
  const parent = { apiVersion: 'core.openfunction.io/v1beta1', kind: 'Function', metadata, spec }
  const bare = { parent, children: {}, related: {}, finalizing: false }
  const first = answer('sync', bare, asked) as { body: { children: Child[] } }
  const all = first.body.children
  const empty = JSON.stringify({ ...bare, children: all }).length
  const managedFields = 'f:x,'.repeat(Math.max(0, Math.floor((bytes - empty) / 4 / all.length)))
  const children: Record<string, Record<string, object>> = {}
  for (const child of all.slice(0, bytes < 5000 ? 1 : all.length)) {
    const group = `${child.kind}.${child.apiVersion}`
    const full = { ...child, metadata: { ...child.metadata, managedFields } }
    children[group] = { ...children[group], [`shop/${child.metadata.name}`]: full }
  }
  return JSON.stringify({ ...bare, children })
}

/** From the bytes of a request to the bytes of its answer. */
function sync(text: string): number {
  const result = answer('sync', JSON.parse(text), asked)
  return JSON.stringify('body' in result ? result.body : result).length
}

function measure(name: string, text: string, count: number): Record<string, string | number> {
  for (let i = 0; i < Math.min(500, count); i += 1) sync(text)
  const times: number[] = []
  const startMs = performance.now()
  for (let i = 0; i < count; i += 1) {
    const at = performance.now()
    sync(text)
    times.push(performance.now() - at)
  }
  const seconds = (performance.now() - startMs) / 1000
  times.sort((a, b) => a - b)
  const at = (share: number) => (times[Math.floor(times.length * share)] ?? 0).toFixed(2)
  return {
    request: name,
    bytes: text.length,
    'syncs/s': Math.round(count / seconds),
    'p50 ms': at(0.5),
    'p99 ms': at(0.99),
  }
}

function heapMb(): number {
  globalThis.gc?.()
  return Math.round(process.memoryUsage().heapUsed / 1024 / 1024)
}

const sizes: readonly (readonly [string, number, number])[] = [
  ['small', 2_000, 2000],
  ['typical', 10_000, 2000],
  ['100 kB', 100_000, 1000],
  ['large', 1_000_000, 200],
]
console.table(sizes.map(([name, bytes, count]) => measure(name, requestOf(bytes), count)))

const typical = requestOf(10_000)
const before = heapMb()
for (let i = 0; i < Number(values.syncs); i += 1) sync(typical)
console.log(`heap after ${values.syncs} syncs: ${heapMb()} MiB, before: ${before} MiB`)

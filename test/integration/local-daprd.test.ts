// The embedded sidecar and a real daprd do the same with the same Function. The real one is DAPRD=PATH, or one built into .cache.

import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { startProcess } from '../support/process.ts'

const built = fileURLToPath(new URL('../../.cache/e2e/bin/daprd-1.18', import.meta.url))
const daprd = process.env.DAPRD ?? built

// Each tick publishes a number; of the numbers every fifth is dropped.
const code = `let count = 0
export async function fn(ctx, data) {
  if (ctx.event.kind === 'binding') return void (await ctx.send({ count: ++count }, 'out'))
  if (data.count % 5 === 0) return 'DROP'
}
`

const yaml = (protocol: string) => `apiVersion: core.openfunction.io/v1beta1
kind: Function
metadata:
  name: loop-${protocol}
  annotations: { dapr-proxy/source: ./fn.mjs#fn }
spec:
  version: v1
  image: example.org/loop:v1
  serving:
    runtime: async
    annotations: { dapr.io/app-protocol: ${protocol} }
    inputs: [{ name: tick, component: tick }, { name: in, component: memory, topic: numbers }]
    outputs: [{ name: out, component: memory, topic: numbers }]
    bindings:
      tick: { type: bindings.cron, version: v1, metadata: [{ name: schedule, value: "@every 100ms" }] }
    pubsub:
      memory: { type: pubsub.in-memory, version: v1, metadata: [] }
`

async function writeFunctions(): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'local-daprd-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'fn.mjs'), code)
  const files = ['http', 'grpc'].map((protocol) => ({ file: join(folder, `${protocol}.yaml`), text: yaml(protocol) }))
  for (const { file, text } of files) await writeFile(file, text)
  return files.map(({ file }) => file)
}

interface Case {
  readonly name: string
  readonly flags: readonly string[]
  readonly isThere: boolean
}

const cases: readonly Case[] = [
  { name: 'the embedded sidecar', flags: [], isThere: true },
  { name: 'a real daprd', flags: [`--daprd=${daprd}`], isThere: existsSync(daprd) },
]

const limit = { timeout: 60_000 }

test.for(cases)('$name brings ticks and numbers, and none is lost', limit, async ({ flags, isThere }, { skip }) => {
  skip(!isThere, 'there is no daprd')
  const files = await writeFunctions()
  const { output, exit } = startProcess('local/main.js', {}, ['run', ...files, '--for', '4s', ...flags])

  expect(await exit, output()).toBe(0)

  for (const protocol of ['http', 'grpc']) {
    const summary = new RegExp(`^${protocol}: published (\\d+), delivered (\\d+), dropped by the function (\\d+)`, 'm')
    const [published = 0, delivered = 0, dropped = 0] = (summary.exec(output()) ?? []).slice(1).map(Number)
    expect(delivered).toBeGreaterThan(10)
    expect(dropped).toBeGreaterThan(0)
    expect(delivered + dropped).toBe(published)
  }
})

test('a daprd that is not there is said to be missing', limit, async () => {
  const { output, exit } = startProcess('local/main.js', {}, [
    'run',
    ...(await writeFunctions()),
    '--daprd=/nowhere/daprd',
  ])

  expect(await exit).toBe(1)
  expect(output()).toContain('loop-http-default-daprd could not be started')
})

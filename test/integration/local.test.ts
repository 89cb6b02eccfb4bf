// `dapr-proxy run` as a user has it: real processes, events over both protocols, a replica killed by hand, Ctrl-C.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startProcess } from '../support/process.ts'
import { eventually } from '../support/proxy.ts'
import { writeCertificate } from '../support/tls.ts'

const certificate = writeCertificate()
const samples = fileURLToPath(new URL('../../manifests/samples', import.meta.url))
const sample = (name: string) => `${samples}/${name}.yaml`

function run(args: readonly string[], env: Record<string, string> = {}) {
  const { output, exit, child } = startProcess('local/main.js', env, ['run', ...args])
  const until = (text: string) =>
    eventually(() => {
      if (child.exitCode !== null) throw new Error(`it has ended:\n${output()}`)
      return output().includes(text)
    }, 20_000)
  return {
    output,
    exit,
    child,
    until,
    pid: (replica: string) => Number(new RegExp(` ${replica}: port \\d+, pid (\\d+)`).exec(output())?.[1]),
    pids: () => [...output().matchAll(/, pid (\d+)/g)].map(([, pid]) => Number(pid)),
    /** A number of the summary. */
    total: (protocol: string, what: string) =>
      Number(new RegExp(`^${protocol}: .*${what} (\\d+)`, 'm').exec(output())?.[1]),
    curl: (path: string) => new RegExp(`curl -s (http://\\S*${path}\\S*)`).exec(output())?.[1] ?? '',
  }
}

const post = (url: string, body: string) =>
  fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/json' } })

/** A Function that hears of a topic, with code of its own, in a folder of its own. */
async function writeFunction(code: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'local-run-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const yaml = (await readFile(sample('subscriber'), 'utf8')).replace(
    /dapr-proxy\/source: .*/,
    'dapr-proxy/source: ./fn.mjs#fn',
  )
  await writeFile(join(folder, 'fn.mjs'), code)
  await writeFile(join(folder, 'fn.yaml'), yaml)
  return join(folder, 'fn.yaml')
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe('dapr-proxy run', () => {
  test('events travel over both protocols, and none is lost when a replica of each is killed', async () => {
    const files = ['publisher', 'subscriber', 'publisher-grpc', 'subscriber-grpc'].map(sample)
    const { output, exit, until, pid, pids, total } = run([...files, '--for', '6s'])
    await until('subscriber (http): published')
    const all = pids()

    for (const replica of ['subscriber-2', 'subscriber-grpc-1']) process.kill(pid(replica), 'SIGKILL')

    expect(await exit).toBe(0)
    expect(all).toHaveLength(6)
    for (const protocol of ['http', 'grpc']) {
      // The publisher's events and the subscriber's.
      expect(total(protocol, 'delivered')).toBeGreaterThan(20)
      expect(total(protocol, 'published')).toBe(total(protocol, 'delivered'))
      expect(total(protocol, 'lost')).toBe(0)
    }
    expect(output()).toMatch(/^ {2}subscriber: subscriber-1 [1-9]\d*, subscriber-2 \d+ \(gone\)$/m)
    expect(output()).toMatch(/^ {2}subscriber-grpc: subscriber-grpc-1 \d+ \(gone\), subscriber-grpc-2 [1-9]\d*$/m)
    expect(all.filter(isAlive)).toEqual([])
  }, 60_000)

  test.each([
    ['https', 'standalone', 'http'],
    ['grpcs', 'standalone', 'grpc'],
    ['https', 'sidecar', 'https'],
    ['grpcs', 'sidecar', 'grpcs'],
  ])(
    '%s: a function that serves TLS gets its events, %s',
    async (protocol, mode, seen) => {
      const file = await writeFunction('export const fn = async () => {}')
      const lines = `dapr.io/app-protocol: ${protocol}\n      openfunction.io/dapr-service-mode: ${mode}`
      const yaml = (await readFile(file, 'utf8')).replace(/dapr.io\/app-protocol: .*/, lines)
      await writeFile(file, yaml)
      const { exit, total } = run([file, '--for', '2s', '--rate', '50'], {
        APP_TLS_CERT: certificate.certFile,
        APP_TLS_KEY: certificate.keyFile,
      })

      expect(await exit).toBe(0)
      expect(total(seen, 'delivered')).toBeGreaterThan(20)
      expect(total(seen, 'lost')).toBe(0)
    },
    60_000,
  )

  test('--rate makes events, Ctrl-C stops every process, and what was under way is delivered', async () => {
    const { output, exit, child, until, pids, total } = run([sample('subscriber'), '--rate', '50', '--replicas', '1'])
    await until('subscriber (http): published')

    // Twice, as npx does it.
    child.kill('SIGINT')
    await eventually(() => output().includes('stopping'))
    child.kill('SIGINT')

    expect(await exit).toBe(0)
    expect(total('http', 'delivered')).toBeGreaterThan(0)
    expect(total('http', 'lost')).toBe(0)
    expect(pids().filter(isAlive)).toEqual([])
  }, 60_000)

  test('what it prints to try works: an event by hand, a sync function, the sync hook', async () => {
    const { exit, child, until, curl, total } = run([sample('order-api'), sample('subscriber')])
    await until('Ctrl-C stops it')
    const request = await readFile(`${samples}/sync-request.json`, 'utf8')

    const hook = await post(curl('/sync'), request)
    const published = await post(curl('/v1.0/publish'), '{"by":"hand"}')
    const ordered = await post(curl('/v1.0/invoke'), '{"item":"tea"}')

    expect([hook.status, published.status, ordered.status]).toEqual([200, 204, 202])
    expect(((await hook.json()) as { children: unknown[] }).children.length).toBeGreaterThan(3)
    child.kill('SIGTERM')
    expect(await exit).toBe(0)
    expect(total('http', 'delivered')).toBe(2)
  }, 60_000)

  test('an event that no attempt delivers is lost, and the exit code says so', async () => {
    const file = await writeFunction('export const fn = () => "RETRY"')
    const { exit, total } = run([file, '--rate', '5', '--for', '1s', '--replicas', '1'])

    expect(await exit).toBe(1)
    expect(total('http', 'lost')).toBeGreaterThan(0)
    expect(total('http', 'delivered')).toBe(0)
  }, 60_000)

  test('a function that does not start ends the run with its reason', async () => {
    const file = await writeFunction('throw new Error("no such luck")')
    const { exit, output } = run([file])

    expect(await exit).toBe(1)
    expect(output()).toContain('no such luck')
    expect(output()).toContain('before it was ready')
  }, 60_000)

  test('a Function without known code gets a message that says how to name it', async () => {
    const { exit, output } = run([sample('sink')])

    expect(await exit).toBe(1)
    expect(output()).toContain('dapr-proxy/source: ./fn.js#target')
    expect(output()).toContain('--source sink=./fn.js#target')
  })

  test('wrong use is said, with exit code 2', async () => {
    const { exit, output } = run([])

    expect(await exit).toBe(2)
    expect(output()).toContain('dapr-proxy run --help')
  })
})

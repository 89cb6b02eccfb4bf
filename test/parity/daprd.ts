// A real daprd on this machine, with an in-memory pub/sub and a policy of one retry.

import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { eventually } from '../support/proxy.ts'
import { pubsub } from './app.ts'

const versions = ['daprd-1.18', 'daprd-1.16']

/** Those that `make e2e-tools` has built, or the one that DAPRD names. */
export const daprds: readonly string[] = process.env.DAPRD
  ? [process.env.DAPRD]
  : versions
      .map((name) => fileURLToPath(new URL(`../../.cache/e2e/bin/${name}`, import.meta.url)))
      .filter((path) => existsSync(path))

export const appId = 'app'

const component = `apiVersion: dapr.io/v1alpha1
kind: Component
metadata: { name: ${pubsub} }
spec: { type: pubsub.in-memory, version: v1, metadata: [] }
`

// daprd reads one Resiliency from a file, and none from a file of several documents.
const policy = `apiVersion: dapr.io/v1alpha1
kind: Resiliency
metadata: { name: one-retry }
spec:
  policies:
    retries:
      one: { policy: constant, duration: 20ms, maxRetries: 1 }
  targets:
    components:
      ${pubsub}: { inbound: { retry: one } }
`

export interface Daprd {
  /** Publishes JSON into a topic. */
  publish(topic: string, data: object): Promise<void>
  /** Calls the app through service invocation. */
  invoke(method: string, path: string, body?: string): Promise<Response>
  /** Its own API. */
  readonly ports: { readonly http: number; readonly grpc: number }
  /** Events by what became of them: the label `process_status` of its own metric. */
  ingress(): Promise<Readonly<Record<string, number>>>
}

/** `configuration` is YAML. */
export async function startDaprd(
  program: string,
  protocol: string,
  appPort: number,
  configuration?: string,
): Promise<Daprd> {
  const folder = await mkdtemp(join(tmpdir(), 'parity-'))
  await writeFile(join(folder, 'component.yaml'), component)
  await writeFile(join(folder, 'policy.yaml'), policy)
  const configFile = join(folder, '..', `${basename(folder)}-configuration.yaml`)
  if (configuration !== undefined) await writeFile(configFile, configuration)
  const [http = 0, grpc = 0, internal = 0, metrics = 0] = await freePorts(4)
  const flags = {
    'app-id': appId,
    'app-port': appPort,
    'app-protocol': protocol,
    'dapr-http-port': http,
    'dapr-grpc-port': grpc,
    'dapr-internal-grpc-port': internal,
    'dapr-listen-addresses': '127.0.0.1',
    'metrics-port': metrics,
    'resources-path': folder,
    'log-level': 'warn',
    ...(configuration !== undefined && { config: configFile }),
  }
  const args = Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`)
  const child = spawn(program, args, { env: { DAPR_HOST_IP: '127.0.0.1' }, stdio: 'ignore' })
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await rm(folder, { recursive: true, force: true })
    await rm(configFile, { force: true })
  })
  const base = `http://127.0.0.1:${http}/v1.0`
  await eventually(async () => (await fetch(`${base}/healthz`).catch(() => undefined))?.status === 204, 30_000)
  // Subscriptions begin a little after that.
  await eventually(async () => {
    const metadata = (await (await fetch(`${base}/metadata`)).json()) as { subscriptions?: unknown[] }
    return (metadata.subscriptions ?? []).length > 0
  }, 30_000)
  return {
    ports: { http, grpc },
    async publish(name, data) {
      const headers = { 'content-type': 'application/json' }
      const answer = await fetch(`${base}/publish/${pubsub}/${name}`, {
        method: 'POST',
        headers,
        body: JSON.stringify(data),
      })
      if (answer.status !== 204) throw new Error(`publish: ${answer.status} ${await answer.text()}`)
    },
    invoke: (method, path, body) =>
      fetch(`${base}/invoke/${appId}/method/${path}`, {
        method,
        redirect: 'manual',
        ...(body !== undefined && { body, headers: { 'content-type': 'text/plain' } }),
      }),
    async ingress() {
      const text = await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text()
      const counts: Record<string, number> = {}
      for (const line of text.split('\n')) {
        const match = /^dapr_component_pubsub_ingress_count\{.*process_status="([^"]*)".*\} (\d+)/.exec(line)
        if (match) counts[match[1] as string] = (counts[match[1] as string] ?? 0) + Number(match[2])
      }
      return counts
    },
  }
}

/** Different ones, since all of them are held until the last is known. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, () => {
      const server = createServer()
      return new Promise<typeof server>((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)))
    }),
  )
  const ports = servers.map((server) => (server.address() as { port: number }).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

// A real daprd for each app, in place of the embedded sidecar. The user brings the brokers.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { stringify } from 'yaml'
import type { Env } from '../shared/env.ts'
import type { KubeObject } from '../shared/k8s.ts'
import { type RunningChild, startChild } from './processes/child-process.ts'
import type { Ports } from './processes/free-port.ts'
import type { ApiPorts } from './sidecar/api/listen.ts'
import type { App } from './sidecar/sidecar.ts'
import type { Sidecars } from './sidecars.ts'

export interface DaprdOptions {
  readonly program: string
  readonly env: Env
  readonly ports: Ports
  readonly log: (name: string) => (line: string) => void
  /** The Components of an app, as the controller rendered them. */
  readonly resources: (appId: string) => readonly KubeObject[]
}

interface Daprd {
  readonly app: App
  readonly api: ApiPorts
  readonly child: RunningChild
}

const stopGraceMs = 15_000
const pauseMs = 200

export function createDaprds(options: DaprdOptions): Sidecars {
  const daprds: Daprd[] = []
  let folder: string | undefined
  let timer: NodeJS.Timeout | undefined
  return {
    get children() {
      return daprds.map(({ child }) => child)
    },
    async start(apps) {
      folder = await mkdtemp(join(tmpdir(), 'dapr-proxy-'))
      for (const app of apps) {
        // As in a cluster: one for each replica where no proxy stands between.
        for (const port of app.ports) daprds.push(await startDaprd(app, port, folder, options))
      }
      // Of several with one app-id the first one serves the API.
      return new Map(daprds.map(({ app, api }) => [app.appId, api] as const).reverse())
    },
    async connect(signal) {
      const ready = await Promise.all(daprds.map(({ api }) => waitUntilReady(api, signal)))
      return ready.every(Boolean)
    },
    produce(rate) {
      if (rate === 0) return
      timer = setInterval(() => void publishToAll(daprds), 1000 / rate)
    },
    async drain() {
      clearInterval(timer)
      // daprd finishes what is under way before it ends; its cron bindings can be stopped in no other way.
      await Promise.all(daprds.map(({ child }) => child.stop(stopGraceMs)))
    },
    async disconnect() {},
    async close() {
      for (const { child } of daprds) child.kill()
      if (folder !== undefined) await rm(folder, { recursive: true, force: true })
    },
    numbers: () => undefined,
  }
}

async function startDaprd(app: App, port: number, folder: string, options: DaprdOptions): Promise<Daprd> {
  const { program, env, ports, log, resources } = options
  const resourcesPath = join(folder, app.appId)
  await mkdir(resourcesPath, { recursive: true })
  const documents = resources(app.appId).map((resource) => stringify(resource))
  await writeFile(join(resourcesPath, 'components.yaml'), documents.join('---\n'))
  const api = { http: await ports.take(3500), grpc: await ports.take(50_001) }
  const flags = {
    'app-id': app.appId,
    'app-port': port,
    'app-protocol': app.protocol,
    'dapr-http-port': api.http,
    'dapr-grpc-port': api.grpc,
    'dapr-internal-grpc-port': await ports.take(50_002),
    'dapr-listen-addresses': '127.0.0.1',
    'resources-path': resourcesPath,
    // Stops its inputs first and its API last, so that what is under way can still publish.
    'dapr-block-shutdown-duration': '2s',
    'enable-metrics': 'false',
    'log-level': 'warn',
  }
  const args = Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`)
  const name = `${app.appId}-daprd`
  // The address is mandatory, and a machine without a network has none to find.
  const child = startChild({ name, command: program, args, env: { DAPR_HOST_IP: '127.0.0.1', ...env } }, log(name))
  return { app, api, child }
}

async function waitUntilReady({ http }: ApiPorts, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    const answer = await fetch(`http://127.0.0.1:${http}/v1.0/healthz`).catch(() => undefined)
    if (answer?.status === 204) return true
    await sleep(pauseMs)
  }
  return false
}

interface Metadata {
  readonly subscriptions?: readonly { readonly pubsubname: string; readonly topic: string }[]
}

/** One event into each topic that an app listens to; a daprd cannot be asked to make an event of an input binding. */
async function publishToAll(daprds: readonly Daprd[]): Promise<void> {
  // Of several replicas of one app, one.
  for (const { api } of new Map(daprds.map((daprd) => [daprd.app.appId, daprd])).values()) {
    const base = `http://127.0.0.1:${api.http}/v1.0`
    const metadata = await fetch(`${base}/metadata`).then(
      (answer) => answer.json() as Promise<Metadata>,
      (): Metadata => ({}),
    )
    for (const { pubsubname, topic } of metadata.subscriptions ?? []) {
      const body = JSON.stringify({ at: new Date().toISOString() })
      const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body }
      await fetch(`${base}/publish/${pubsubname}/${topic}`, init).catch(() => undefined)
    }
  }
}

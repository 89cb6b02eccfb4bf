// Faults of the Go original that concern the proxy as a program in a cluster: docs/faults.md.

import { createSocket } from 'node:dgram'
import { Resolver } from 'node:dns/promises'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test, vi } from 'vitest'
import { defaultSettings } from '../../src/controller/settings.ts'
import { loadFunctions, renderChildren } from '../../src/local/function-files.ts'
import { parseProxyConfig } from '../../src/proxy/config.ts'
import { startDns } from '../../src/proxy/discovery/dns.ts'
import { silentObserver } from '../../src/proxy/observer.ts'
import { Replicas } from '../../src/proxy/replica/replicas.ts'
import { silentLog } from '../../src/shared/log.ts'
import { funcContext } from '../support/func-context.ts'
import { VirtualTime } from '../support/virtual-time.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string) => readFileSync(join(root, path), 'utf8')

test('of ten replicas the eight that leave at once are gone at once', () => {
  const closed: number[] = []
  const replicas = new Replicas<undefined>({
    createClient: ({ port }) => ({
      send: async () => ({ kind: 'not-run', cause: '' }),
      close: () => closed.push(port),
      abandon() {},
    }),
    probe: async () => 'accepted',
    time: new VirtualTime(() => 0),
    observer: silentObserver,
  })
  const at = (...ports: number[]) => ports.map((port) => ({ host: '10.0.0.1', port }))
  replicas.replace(at(1, 2, 3, 4, 5, 6, 7, 8, 9, 10))

  replicas.replace(at(3, 8))

  expect(replicas.current().map(({ address }) => address)).toEqual(['10.0.0.1:3', '10.0.0.1:8'])
  expect(closed).toEqual([1, 2, 4, 5, 6, 7, 9, 10])
})

test('a Service is asked for by its whole name alone, once per family, whatever the search list of the pod', async () => {
  const asked: string[] = []
  const server = createSocket('udp4')
  server.on('message', (query, { port, address }) => {
    asked.push(nameIn(query))
    // No such name: with a search list the next one would be tried.
    const answer = Buffer.from(query)
    answer.writeUInt16BE(0x8183, 2)
    server.send(answer, port, address)
  })
  server.bind(0, '127.0.0.1')
  await once(server, 'listening')
  // What kubelet writes into /etc/resolv.conf of a pod, in the words of resolv.conf(5).
  process.env.LOCALDOMAIN = 'ns.svc.cluster.local svc.cluster.local cluster.local'
  process.env.RES_OPTIONS = 'ndots:5'
  onTestFinished(() => {
    server.close()
    delete process.env.LOCALDOMAIN
    delete process.env.RES_OPTIONS
    vi.restoreAllMocks()
  })
  // The servers of this machine are none of ours to ask.
  const led = new WeakSet<Resolver>()
  for (const method of ['resolve4', 'resolve6'] as const) {
    const resolve = Resolver.prototype[method] as (name: string) => Promise<string[]>
    vi.spyOn(Resolver.prototype, method).mockImplementation(function (this: Resolver, name: string) {
      if (!led.has(this)) this.setServers([`127.0.0.1:${server.address().port}`])
      led.add(this)
      return resolve.call(this, name)
    } as never)
  }

  const discovery = startDns({ host: 'f.ns.svc.cluster.local', port: 80 }, () => {}, silentLog)
  await discovery.ready
  discovery.stop()

  expect(asked).toEqual(['f.ns.svc.cluster.local', 'f.ns.svc.cluster.local'])
})

/** The name that a DNS query asks for. */
function nameIn(query: Buffer): string {
  const labels: string[] = []
  for (let at = 12; query[at] !== 0; at += 1 + (query[at] as number)) {
    labels.push(query.toString('latin1', at + 1, at + 1 + (query[at] as number)))
  }
  return labels.join('.').toLowerCase()
}

test('the proxy shares nothing with a functions framework but FUNC_CONTEXT: it imports its own folders and Node alone', () => {
  const seen = new Set<string>()
  const foreign = new Set<string>()
  const visit = (file: string) => {
    if (seen.has(file)) return
    seen.add(file)
    for (const [, what = ''] of read(file).matchAll(/(?:\bfrom |^import |\bimport\()'([^']+)'/gm)) {
      if (what.startsWith('.')) visit(join(file, '..', what))
      else if (!what.startsWith('node:')) foreign.add(what)
    }
  }
  visit('src/proxy/main.ts')

  expect([...new Set([...seen].map((file) => file.split('/')[1]))].toSorted()).toEqual([
    'dapr',
    'h1',
    'h2',
    'net',
    'proxy',
    'shared',
  ])
  expect([...foreign]).toEqual(['prom-client'])
})

test.each([
  { enabled: true },
  { enabled: true, provider: null },
  { enabled: true, provider: { name: 'nobody', oapServer: 7, exporter: [] }, tags: 'x', baggage: 1 },
  'skywalking',
  ['x'],
  null,
])('plugins are for functions: the proxy starts whatever tracing is asked for: %j', (pluginsTracing) => {
  const context = { ...JSON.parse(funcContext), prePlugins: ['nobody'], postPlugins: ['', 'nobody'], pluginsTracing }

  const config = parseProxyConfig({ FUNC_CONTEXT: JSON.stringify(context), PROXY_DISCOVERY: 'static:a:1' })

  expect(Object.keys(config.context?.inputs ?? {})).toEqual(['orders', 'ticks'])
})

test('the port of the proxy, that of the function and the domain of the cluster are each their own', () => {
  const { listen, discovery } = parseProxyConfig({
    FUNC_CONTEXT: JSON.stringify({ ...JSON.parse(funcContext), port: '3500' }),
    PROXY_PORT: '8080',
    POD_NAMESPACE: 'ns',
    CLUSTER_DOMAIN: 'corp.example',
  })

  expect(listen.port).toBe(8080)
  expect(discovery).toEqual({ kind: 'dns', name: { host: 'test-function.ns.svc.corp.example', port: 3500 } })
})

test('what the image holds runs on any architecture: nothing in it is compiled', () => {
  const { dependencies } = JSON.parse(read('package.json')) as { dependencies: Record<string, string> }
  const lock = JSON.parse(read('package-lock.json')) as { packages: Record<string, LockedPackage> }
  const shipped = Object.entries(lock.packages).filter(([path, { dev }]) => path !== '' && !dev)

  expect(shipped.length).toBeGreaterThan(Object.keys(dependencies).length)
  expect(shipped.filter(([, { cpu, os }]) => cpu || os).map(([path]) => path)).toEqual([])
  const compiled = shipped.flatMap(([path]) =>
    existsSync(join(root, path)) ? filesOf(path).filter((file) => /\.(node|so|dylib|dll|exe)$/.test(file)) : [],
  )
  expect(compiled).toEqual([])
  expect(read('Dockerfile')).not.toMatch(/--platform|amd64/)
})

interface LockedPackage {
  readonly dev?: boolean
  readonly cpu?: readonly string[]
  readonly os?: readonly string[]
}

const filesOf = (folder: string): string[] => readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })

test('only the pods of a Function reach its daprd, and find of its API what they need', async () => {
  const file = 'manifests/samples/publisher.yaml'
  const { functions } = await loadFunctions([file], root, defaultSettings)
  const children = functions.flatMap(({ fn }) => renderChildren(fn, defaultSettings))
  const child = (kind: string, name = 'publisher') =>
    children.find((each) => each.kind === kind && each.metadata.name === name)?.spec as Spec

  const { podSelector, policyTypes, ingress = [] } = child('NetworkPolicy', 'publisher-proxy')
  expect(policyTypes).toEqual(['Ingress'])
  const toApi = ingress.filter(
    ({ ports }) => ports === undefined || ports.some(({ port }) => [3500, 50001].includes(port)),
  )
  const functionPods = child('Deployment').template?.metadata.labels
  expect(toApi.map(({ from }) => from)).toEqual([[{ podSelector: { matchLabels: expect.any(Object) } }]])
  expect(functionPods).toMatchObject(toApi[0]?.from?.[0]?.podSelector?.matchLabels ?? {})
  expect(child('Deployment', 'publisher-proxy').template?.metadata.labels).toMatchObject(podSelector?.matchLabels ?? {})
  const rules = child('Configuration').api?.allowed.map(({ protocol, name }) => `${protocol} ${name}`)
  expect(rules).toEqual(['http metadat', 'grpc metadata', 'http publish/', 'grpc publish'])
})

interface Peer {
  readonly podSelector?: { readonly matchLabels: object }
}

interface Spec {
  readonly podSelector?: { readonly matchLabels: object }
  readonly policyTypes?: readonly string[]
  readonly ingress?: readonly {
    readonly from?: readonly Peer[]
    readonly ports?: readonly { readonly port: number }[]
  }[]
  readonly template?: { readonly metadata: { readonly labels: object } }
  readonly api?: { readonly allowed: readonly { readonly name: string; readonly protocol: string }[] }
}

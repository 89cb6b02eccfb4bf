import { describe, expect, test } from 'vitest'
import { type ConfigurationError, EnvReader } from '../../shared/env.ts'
import { parseFuncContext } from '../../shared/func-context.ts'
import { parseAddress, readDiscovery } from './settings.ts'

const parsed = parseFuncContext(JSON.stringify({ name: 'f', version: 'v1', runtime: 'Async', port: '8085' }))
const context = 'context' in parsed ? parsed.context : undefined
const cluster = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '6443', POD_NAMESPACE: 'ns' }

function readAll(env: Record<string, string>) {
  const read = new EnvReader(env)
  const discovery = readDiscovery(read, context)
  try {
    read.finish()
    return { discovery, problems: [] }
  } catch (error) {
    return { discovery, problems: (error as ConfigurationError).problems.map(({ message }) => message) }
  }
}

describe('in a cluster', () => {
  test('the EndpointSlices of the Service of the Function are watched without a word', () => {
    expect(readAll(cluster).discovery).toEqual({
      kind: 'endpointslices',
      namespace: 'ns',
      service: 'f',
      port: { likely: 8085 },
      apiServer: { host: '10.96.0.1', port: 6443 },
      account: '/var/run/secrets/kubernetes.io/serviceaccount',
      fallback: { host: 'f.ns.svc.cluster.local', port: 8085 },
    })
  })

  test('the API server is on 443 if nothing else is said, and the domain is that of CLUSTER_DOMAIN', () => {
    const { KUBERNETES_SERVICE_PORT: _, ...env } = cluster
    const { discovery } = readAll({ ...env, CLUSTER_DOMAIN: 'corp.example' })

    expect(discovery).toMatchObject({ apiServer: { port: 443 }, fallback: { host: 'f.ns.svc.corp.example' } })
  })

  test.each([
    ['endpointslices', { service: 'f', namespace: 'ns', port: { likely: 8085 } }],
    ['endpointslices:other', { service: 'other', namespace: 'ns', port: { likely: 8085 } }],
    [
      'endpointslices:other.far',
      { service: 'other', namespace: 'far', fallback: { host: 'other.far.svc.cluster.local', port: 8085 } },
    ],
    [
      'endpointslices:other:9000',
      { service: 'other', port: { number: 9000 }, fallback: { host: 'other.ns.svc.cluster.local', port: 9000 } },
    ],
    ['endpointslices:other.far:grpc', { service: 'other', namespace: 'far', port: { name: 'grpc' } }],
    ['endpointslices::http', { service: 'f', port: { name: 'http' } }],
  ])('%s', (text, expected) => {
    expect(readAll({ ...cluster, PROXY_DISCOVERY: text })).toMatchObject({ discovery: expected, problems: [] })
  })

  test.each([
    'endpointslices:A',
    'endpointslices:a.b.c',
    'endpointslices:a/b',
    'endpointslices:a:0',
    'endpointslices:a:65536',
    'endpointslices:1a',
    'endpointslices:a:',
    'slices',
  ])('%s', (text) => {
    const { problems } = readAll({ ...cluster, PROXY_DISCOVERY: text })

    expect(problems).toHaveLength(1)
  })
})

test('elsewhere the Service is asked for by DNS without a word, and a wish for EndpointSlices is refused', () => {
  expect(readAll({ POD_NAMESPACE: 'ns' }).discovery).toEqual({
    kind: 'dns',
    name: { host: 'f.ns.svc.cluster.local', port: 8085 },
  })
  expect(readAll({ POD_NAMESPACE: 'ns', PROXY_DISCOVERY: 'endpointslices' }).problems).toEqual([
    expect.stringContaining('KUBERNETES_SERVICE_HOST is not set'),
  ])
})

test('without a namespace it says how to give one', () => {
  const { KUBERNETES_SERVICE_HOST } = cluster

  expect(readAll({ KUBERNETES_SERVICE_HOST, PROXY_DISCOVERY: 'endpointslices' }).problems).toEqual([
    expect.stringContaining('POD_NAMESPACE'),
  ])
})

test.each(['', ':1', 'a', 'a:', 'a:0', 'a:65536', '::1:80', '[::1]', 'http://a:1', 'a b:1'])(
  '%j is no address',
  (text) => {
    expect(parseAddress(text)).toBeUndefined()
  },
)

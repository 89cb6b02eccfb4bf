import { describe, expect, test } from 'vitest'
import type { ConfigurationError } from '../shared/env.ts'
import { parseProxyConfig } from './config.ts'

const FUNC_CONTEXT = JSON.stringify({ name: 'f', version: 'v1', runtime: 'Async', port: '8085' })

function problemsOf(env: Record<string, string>): string[] {
  try {
    parseProxyConfig(env)
    return []
  } catch (error) {
    return (error as ConfigurationError).problems.map(({ field }) => field)
  }
}

describe('parseProxyConfig', () => {
  test('has a default for all but the Function and its replicas', () => {
    const config = parseProxyConfig({ FUNC_CONTEXT, PROXY_DISCOVERY: 'dns:f.ns.svc.cluster.local:8085' })

    expect(config).toMatchObject({
      protocol: 'grpc',
      listen: { host: '127.0.0.1', port: 8085 },
      adminPort: 8081,
      discovery: { kind: 'dns', name: { host: 'f.ns.svc.cluster.local', port: 8085 } },
      maxHeld: 1000,
      maxHeldBytes: 33554432,
      holdTimeoutMs: 30_000,
      mode: 'function',
      balance: 'least-loaded',
      replicaConcurrency: Number.MAX_SAFE_INTEGER,
      maxInFlight: 1000,
      joinDuplicates: false,
    })
  })

  test('looks for the Service of the Function in the namespace of its pod', () => {
    const { discovery } = parseProxyConfig({ FUNC_CONTEXT, POD_NAMESPACE: 'ns' })

    expect(discovery).toEqual({ kind: 'dns', name: { host: 'f.ns.svc.cluster.local', port: 8085 } })
  })

  test('takes a list of replicas, also with IPv6 addresses', () => {
    const { discovery } = parseProxyConfig({ FUNC_CONTEXT, PROXY_DISCOVERY: 'static:127.0.0.1:9001,[::1]:9002' })

    expect(discovery).toEqual({
      kind: 'static',
      replicas: [
        { host: '127.0.0.1', port: 9001 },
        { host: '::1', port: 9002 },
      ],
    })
  })

  test('needs no Function in front of an app', () => {
    const config = parseProxyConfig({ PROXY_MODE: 'app', PROXY_DISCOVERY: 'static:127.0.0.1:9001' })

    expect(config).toMatchObject({ mode: 'app', listen: { host: '127.0.0.1', port: 8080 } })
    expect(config.context).toBeUndefined()
  })

  describe('TLS', () => {
    const tls = { FUNC_CONTEXT, POD_NAMESPACE: 'ns', APP_PROTOCOL: 'grpcs' }
    const files: Record<string, string> = {
      ca: '-----BEGIN CERTIFICATE-----\n',
      cert: '-----BEGIN CERTIFICATE-----\n',
      key: '-----BEGIN EC PRIVATE KEY-----\n',
    }
    const readFile = (path: string) => {
      const text = files[path]
      if (text === undefined) throw new Error('there is none')
      return text
    }
    const problems = (env: Record<string, string>) => {
      try {
        parseProxyConfig({ ...tls, ...env }, readFile)
        return []
      } catch (error) {
        return (error as ConfigurationError).problems.map(({ field, message }) => `${field} ${message}`)
      }
    }

    test('is for replicas by their Service, and takes any certificate unless a CA is given', () => {
      const plain = parseProxyConfig({ ...tls, APP_PROTOCOL: 'http' })
      const config = parseProxyConfig({ ...tls, PROXY_REPLICA_CA: 'ca' }, readFile)
      const app = parseProxyConfig({ PROXY_MODE: 'app', APP_PROTOCOL: 'HTTPS', PROXY_DISCOVERY: 'static:a:1' })

      expect([plain.replicaTls, plain.tls]).toEqual([undefined, undefined])
      expect(config).toMatchObject({ protocol: 'grpc', tls: undefined })
      expect(config.replicaTls).toEqual({ ca: files.ca, serverName: 'f.ns.svc.cluster.local' })
      expect([app.protocol, app.replicaTls]).toEqual(['http', {}])
      expect(parseProxyConfig(tls).replicaTls).toEqual({})
    })

    test('is for daprd where a certificate is given, whatever replicas speak', () => {
      const pair = { PROXY_TLS_CERT: 'cert', PROXY_TLS_KEY: 'key' }

      expect(parseProxyConfig({ ...tls, ...pair, APP_PROTOCOL: 'http' }, readFile)).toMatchObject({
        replicaTls: undefined,
        tls: { cert: files.cert, key: files.key },
      })
    })

    test('is told what is wrong with its files, all together', () => {
      expect(problems({ PROXY_TLS_CERT: 'cert', PROXY_REPLICA_CA: 'nowhere' })).toEqual([
        'PROXY_REPLICA_CA is nowhere, which cannot be read: there is none',
        'PROXY_TLS_KEY is missing; certificate and key go together',
      ])
      expect(problems({ PROXY_TLS_KEY: 'ca', PROXY_REPLICA_CA: 'key' })).toEqual([
        'PROXY_REPLICA_CA is key, which holds no certificate in PEM',
        'PROXY_TLS_KEY is ca, which holds no private key in PEM',
        'PROXY_TLS_CERT is missing; certificate and key go together',
      ])
      expect(problems({ APP_PROTOCOL: 'grpc', PROXY_REPLICA_CA: 'ca', PROXY_REPLICA_SERVER_NAME: 'x' })).toEqual([
        'PROXY_REPLICA_CA is about TLS; give APP_PROTOCOL grpcs or https with it',
        'PROXY_REPLICA_SERVER_NAME is about TLS; give APP_PROTOCOL grpcs or https with it',
      ])
    })
  })

  test('reports all problems together, each with its name', () => {
    const wrong = {
      FUNC_CONTEXT: '{"name":"f","runtime":"Batch","port":"0","inputs":{"a":{"componentType":"state.redis"}}}',
      APP_PROTOCOL: 'amqp',
      PROXY_PORT: '70000',
      PROXY_DISCOVERY: 'static:localhost',
      PROXY_HOLD_TIMEOUT: '30',
      PROXY_MAX_HELD: '-1',
      PROXY_BALANCE: 'fair',
      PROXY_MAX_IN_FLIGHT: '0',
      PROXY_REPLICA_CONCURRENCY: '0',
      PROXY_JOIN_DUPLICATES: 'sometimes',
    }

    expect(problemsOf(wrong).toSorted()).toEqual([
      'APP_PROTOCOL',
      'FUNC_CONTEXT.inputs.a.componentName',
      'FUNC_CONTEXT.inputs.a.componentType',
      'FUNC_CONTEXT.port',
      'FUNC_CONTEXT.runtime',
      'PROXY_BALANCE',
      'PROXY_DISCOVERY',
      'PROXY_HOLD_TIMEOUT',
      'PROXY_JOIN_DUPLICATES',
      'PROXY_MAX_HELD',
      'PROXY_MAX_IN_FLIGHT',
      'PROXY_PORT',
      'PROXY_REPLICA_CONCURRENCY',
    ])
  })

  test.each([
    [{}, ['FUNC_CONTEXT', 'PROXY_DISCOVERY']],
    [{ PROXY_MODE: 'app', POD_NAMESPACE: 'ns' }, ['PROXY_DISCOVERY']],
    [{ PROXY_MODE: 'sidecar', FUNC_CONTEXT, PROXY_DISCOVERY: 'dns:a.b:1' }, ['PROXY_MODE']],
    [{ FUNC_CONTEXT: '{', PROXY_DISCOVERY: 'dns:a.b:1' }, ['FUNC_CONTEXT']],
    [{ FUNC_CONTEXT: '[]', PROXY_DISCOVERY: 'dns:a.b:1' }, ['FUNC_CONTEXT']],
    [{ FUNC_CONTEXT, PROXY_DISCOVERY: 'endpointslices' }, ['PROXY_DISCOVERY']],
    [{ FUNC_CONTEXT, PROXY_DISCOVERY: 'dns:a.b:1,c.d:2' }, ['PROXY_DISCOVERY']],
    [{ FUNC_CONTEXT, PROXY_DISCOVERY: 'dns:a.b:1', PROXY_ADMIN_PORT: '8085' }, ['PROXY_ADMIN_PORT']],
  ])('refuses %j', (env, fields) => {
    expect(problemsOf(env as Record<string, string>)).toEqual(fields)
  })
})

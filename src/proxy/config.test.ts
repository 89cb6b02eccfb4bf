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

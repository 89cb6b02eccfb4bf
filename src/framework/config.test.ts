import { expect, test } from 'vitest'
import { ConfigurationError } from '../shared/env.ts'
import { parseConfig } from './config.ts'

const context = (runtime: string) => JSON.stringify({ name: 'f', runtime, port: '9000' })

test('has a default for all but FUNC_CONTEXT', () => {
  const config = parseConfig({ FUNC_CONTEXT: context('Knative') }, '/app')

  expect(config).toMatchObject({
    source: '/app',
    target: 'function',
    signature: 'http',
    protocol: 'grpc',
    port: 9000,
    portField: 'FUNC_CONTEXT.port',
    sidecar: { host: '127.0.0.1', httpPort: 3500 },
  })
  expect(config.host).toBeUndefined()
  expect(config.sidecar.grpcPort).toBeUndefined()
})

test('PORT overrides the port of FUNC_CONTEXT', () => {
  expect(parseConfig({ FUNC_CONTEXT: context('Knative'), PORT: '0' }, '/')).toMatchObject({
    port: 0,
    portField: 'PORT',
  })
})

test('an async function is always of the openfunction signature', () => {
  const env = { FUNC_CONTEXT: context('Async'), FUNCTION_SIGNATURE_TYPE: 'http', FUNCTION_SOURCE: './fn.js' }

  expect(parseConfig(env, '/app')).toMatchObject({ signature: 'openfunction', source: '/app/fn.js' })
})

test('reports every problem at once, each by its name', () => {
  const env = {
    FUNC_CONTEXT: JSON.stringify({ runtime: 'sometimes' }),
    APP_PROTOCOL: 'smtp',
    FUNCTION_SIGNATURE_TYPE: 'cloudevent',
    PORT: '70000',
    DAPR_HTTP_PORT: '-1',
    DAPR_GRPC_PORT: 'x',
  }

  const problems = catchProblems(() => parseConfig(env, '/'))

  expect(problems.sort()).toEqual([
    'APP_PROTOCOL',
    'DAPR_GRPC_PORT',
    'DAPR_HTTP_PORT',
    'FUNCTION_SIGNATURE_TYPE',
    'FUNC_CONTEXT.name',
    'FUNC_CONTEXT.runtime',
    'PORT',
  ])
})

test('TLS needs a certificate and its key, and they need TLS', () => {
  const readFile = (path: string) => `-----BEGIN ${path}-----`
  const parse = (env: Record<string, string>) => () =>
    parseConfig({ FUNC_CONTEXT: context('Async'), ...env }, '/', readFile)
  const files = { APP_TLS_CERT: 'CERTIFICATE', APP_TLS_KEY: 'PRIVATE KEY' }

  expect(parse({ APP_PROTOCOL: 'HTTPS', ...files })()).toMatchObject({
    protocol: 'http',
    tls: { cert: '-----BEGIN CERTIFICATE-----', key: '-----BEGIN PRIVATE KEY-----' },
  })
  expect(catchProblems(parse({ APP_PROTOCOL: 'grpcs' }))).toEqual(['APP_TLS_CERT', 'APP_TLS_KEY'])
  expect(catchProblems(parse({ APP_PROTOCOL: 'grpcs', APP_TLS_CERT: 'CERTIFICATE' }))).toEqual(['APP_TLS_KEY'])
  expect(catchProblems(parse(files))).toEqual(['APP_TLS_CERT', 'APP_TLS_KEY'])
})

test('a missing FUNC_CONTEXT is a wrong configuration', () => {
  expect(catchProblems(() => parseConfig({}, '/'))).toEqual(['FUNC_CONTEXT'])
})

function catchProblems(act: () => unknown): string[] {
  try {
    act()
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems.map(({ field }) => field)
    throw error
  }
  return []
}

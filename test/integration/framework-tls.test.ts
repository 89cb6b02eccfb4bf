// Functions that serve TLS, through the real process.

import { request } from 'node:https'
import { afterEach, expect, onTestFinished, test } from 'vitest'
import { grpcWire } from '../support/grpc-wire.ts'
import { httpWire } from '../support/http-wire.ts'
import { writeCertificate } from '../support/tls.ts'
import { killAll, spawnFunction, startFunction, until } from './framework-process.ts'

const { cert, certFile, keyFile } = writeCertificate()
const { keyFile: otherKeyFile } = writeCertificate()
const tls = { APP_TLS_CERT: certFile, APP_TLS_KEY: keyFile }
const context = {
  inputs: {
    orders: { componentName: 'bus', componentType: 'pubsub.redis', uri: 'orders' },
    cron: { componentName: 'cron', componentType: 'bindings.cron' },
  },
}

afterEach(killAll)

test.each([
  ['https', httpWire],
  ['grpcs', grpcWire],
] as const)('an async function over %s is told of events, and answers', async (protocol, wire) => {
  const running = await startFunction({
    source: 'events.cjs#handler',
    context,
    env: { APP_PROTOCOL: protocol, ...tls },
  })
  const sidecar = wire.connect(running.port, cert)
  onTestFinished(() => sidecar.close())

  expect(await sidecar.discover()).toEqual({ topics: ['bus/orders'], bindings: ['cron'] })
  expect(await sidecar.binding(Buffer.from('{"do":"return","value":{"a":1}}'))).toMatchObject({
    outcome: 'success',
    data: Buffer.from('{"a":1}'),
  })
})

test('a sync function serves HTTPS', async () => {
  const { port } = await startFunction({
    source: 'sync.cjs#echo',
    context: { runtime: 'Knative' },
    env: { APP_PROTOCOL: 'https', ...tls },
  })
  const status = await new Promise((resolve, reject) =>
    request({ host: '127.0.0.1', port, path: '/a', ca: cert }, ({ statusCode }) => resolve(statusCode))
      .on('error', reject)
      .end(),
  )

  expect(status).toBe(201)
})

test.each([
  ['no certificate', {}, 'APP_TLS_CERT is missing'],
  ['the key of another certificate', { ...tls, APP_TLS_KEY: otherKeyFile }, 'APP_TLS_CERT cannot be used'],
  [
    'a certificate that is not there',
    { ...tls, APP_TLS_CERT: '/nowhere' },
    'APP_TLS_CERT is /nowhere, which cannot be read',
  ],
])('%s is a wrong configuration', async (_title, env, message) => {
  const { exited, stderr } = spawnFunction({
    source: 'events.cjs#handler',
    context,
    env: { APP_PROTOCOL: 'grpcs', ...env },
  })

  expect(await exited).toBe(64)
  await until(() => stderr.join('\n').includes(message))
})

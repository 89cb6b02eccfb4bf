// A real daprd in front of a proxy with TLS on one side of it, or on both.

import { basename } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { grpcWire } from '../support/grpc-wire.ts'
import { httpWire } from '../support/http-wire.ts'
import { eventually, setUpProxy } from '../support/proxy.ts'
import { overTls, writeCertificate } from '../support/tls.ts'
import { startGrpcApp, startHttpApp, topic } from './app.ts'
import { daprds, startDaprd } from './daprd.ts'

test.skipIf(daprds.length > 0)('there is no daprd: make e2e-tools builds it, or DAPRD names one', ({ skip }) => skip())

const certificate = writeCertificate()
const sides = [
  { protocol: 'https', wire: overTls(httpWire, certificate), startApp: startHttpApp, path: 'answer/200' },
  { protocol: 'grpcs', wire: overTls(grpcWire, certificate), startApp: startGrpcApp, path: 'answer/0' },
]

for (const program of daprds) {
  describe.each(sides)(`${basename(program)} over $protocol`, ({ protocol: own, wire, startApp, path }) => {
    // Without PROXY_TLS_CERT the app port is plain text, and daprd in the same pod speaks it.
    const plain = { PROXY_TLS_CERT: '', PROXY_TLS_KEY: '' }

    test.each([
      ['speaks it to the proxy', own, {}],
      ['speaks plain text to the proxy, which speaks it to the app', wire.protocol, plain],
    ])('%s', { timeout: 120_000 }, async (_title, protocol, env) => {
      const app = await startApp(certificate)
      onTestFinished(() => app.close())
      const { proxy } = await setUpProxy(wire, [app.port], env)
      const daprd = await startDaprd(program, protocol, proxy.port)

      await daprd.publish(topic, { id: 'one', behaviour: 'success' })
      await eventually(() => app.deliveries.get('one') === 1, 10_000)

      const answer = await daprd.invoke('POST', path, 'a body of some length')
      expect([answer.status, await answer.text()]).toEqual([200, 'a body of some length'])
    })
  })
}

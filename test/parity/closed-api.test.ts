// The Configuration that a Function gets closes daprd's API to all but what its outputs need, over both protocols.

import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { Client, credentials, type ServiceError, status } from '@grpc/grpc-js'
import { expect, onTestFinished, test } from 'vitest'
import { stringify } from 'yaml'
import { compileShape } from '../../src/controller/rules/schema.ts'
import { defaultSettings } from '../../src/controller/settings.ts'
import { sync } from '../../src/controller/sync.ts'
import { parseSyncRequest } from '../../src/controller/sync-request.ts'
import { pubsub, startHttpApp, topic } from './app.ts'
import { daprds, startDaprd } from './daprd.ts'

const crd = readFileSync(new URL('../../metacontroller/crd/functions.yaml', import.meta.url), 'utf8')

/** Of a Function that publishes, and does nothing else. */
function configuration(): string {
  const outputs = [{ name: 'out', component: pubsub, topic }]
  const components = { pubsub: { [pubsub]: { type: 'pubsub.in-memory', version: 'v1', metadata: [] } } }
  const parent = {
    apiVersion: 'core.openfunction.io/v1beta1',
    kind: 'Function',
    metadata: { name: 'publisher', namespace: 'shop', uid: '1', generation: 1 },
    spec: { image: 'any', serving: { runtime: 'knative', outputs, ...components } },
  }
  const request = parseSyncRequest({ parent, children: {} })
  if (typeof request === 'string') throw new Error(request)
  const result = sync(request, { settings: defaultSettings, checkShape: compileShape(crd) })
  if (result.kind !== 'synced') throw new Error(result.reason)
  const found = result.response.children.find(({ kind }) => kind === 'Configuration')
  if (found === undefined) throw new Error(JSON.stringify(result.problems))
  return stringify(found)
}

const raw = (bytes: Buffer) => bytes
const text = (number: number, value: string) =>
  Buffer.concat([Buffer.from([number * 8 + 2, value.length]), Buffer.from(value)])

/** PublishEventRequest: pubsub_name, topic, data. */
const publication = Buffer.concat([text(1, pubsub), text(2, topic), text(3, '{"id":"1","behaviour":"success"}')])

test.skipIf(daprds.length > 0)('there is no daprd: make e2e-tools builds it, or DAPRD names one', ({ skip }) => skip())

test.each(daprds.map((program) => [basename(program), program]))(
  '%s answers what an output needs, and nothing else',
  { timeout: 120_000 },
  async (_name, program) => {
    const app = await startHttpApp()
    onTestFinished(() => app.close())
    const { ports, publish } = await startDaprd(program, 'http', app.port, configuration())
    const client = new Client(`127.0.0.1:${ports.grpc}`, credentials.createInsecure())
    onTestFinished(() => client.close())
    const grpc = (method: string, request = Buffer.alloc(0)) =>
      new Promise<string>((resolve) =>
        client.makeUnaryRequest(
          `/dapr.proto.runtime.v1.Dapr/${method}`,
          raw,
          raw,
          request,
          (error: ServiceError | null) => resolve(status[error?.code ?? status.OK]),
        ),
      )
    const http = async (path: string, method = 'GET') =>
      (await fetch(`http://127.0.0.1:${ports.http}/${path}`, { method, ...(method === 'POST' && { body: '[]' }) }))
        .status

    await publish(topic, { id: '0', behaviour: 'success' })
    expect(await grpc('PublishEvent', publication)).toBe('OK')
    expect([await grpc('GetMetadata'), await http('v1.0/metadata')]).toEqual(['OK', 200])

    const methods = [
      'InvokeService',
      'InvokeBinding',
      'GetState',
      'SaveState',
      'GetSecret',
      'GetBulkSecret',
      'Shutdown',
    ]
    for (const method of methods) expect([method, await grpc(method)]).toEqual([method, 'UNIMPLEMENTED'])
    const paths = ['state/s/k', 'secrets/s/k', 'secrets/s/bulk', 'configuration/c', 'invoke/app/method/orders']
    for (const path of paths) expect([path, await http(`v1.0/${path}`)]).toEqual([path, 404])
    for (const path of ['state/s', 'bindings/b', 'shutdown', 'invoke/app/method/orders']) {
      expect([path, await http(`v1.0/${path}`, 'POST')]).toEqual([path, 404])
    }
  },
)

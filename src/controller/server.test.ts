// The webhook on a real socket.

import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { silentLog } from '../shared/log.ts'
import { compileShape } from './rules/schema.ts'
import { type Controller, type ControllerOptions, startController } from './server.ts'
import { defaultSettings } from './settings.ts'

const crd = readFileSync(new URL('../../metacontroller/crd/functions.yaml', import.meta.url), 'utf8')
const options: ControllerOptions = {
  port: 0,
  files: {},
  settings: defaultSettings,
  checkShape: compileShape(crd),
  log: silentLog,
}

const parent = {
  apiVersion: 'core.openfunction.io/v1beta1',
  kind: 'Function',
  metadata: { name: 'sink', namespace: 'shop', uid: '1', generation: 2 },
  spec: {
    image: 'example/sink:v1',
    serving: { runtime: 'knative', annotations: { 'openfunction.io/enable-dapr': 'true' } },
  },
}
const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'sink', namespace: 'shop' },
  status: { replicas: 1, readyReplicas: 1, conditions: [{ type: 'Available', status: 'True' }] },
}
const body = (key: string, extra: object = {}): string =>
  JSON.stringify({
    controller: {},
    parent,
    children: { 'Deployment.apps/v1': { [key]: deployment } },
    related: {},
    finalizing: false,
    ...extra,
  })

let controller: Controller
beforeAll(async () => {
  controller = await startController(options)
})
afterAll(() => controller.stop())

const url = (path: string): string => `http://127.0.0.1:${controller.port}${path}`
const post = (
  text: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = { 'content-type': 'application/json' },
): Promise<Response> => fetch(url('/sync'), { method: 'POST', body: text, headers })

describe('POST /sync', () => {
  test('answers with children and status, the second time byte for byte the same', async () => {
    const [first, second] = [await post(body('sink')), await post(body('sink'))]

    expect(first.status).toBe(200)
    const text = await first.text()
    expect(await second.text()).toBe(text)
    expect(first.headers.get('etag')).toMatch(/^"[-\w]{22}"$/)
    const { children, status } = JSON.parse(text)
    expect(children.map(({ kind, metadata }: typeof deployment) => `${kind} ${metadata.name}`)).toEqual([
      'Configuration sink',
      'ServiceAccount sink-proxy',
      'RoleBinding sink-proxy',
      'Deployment sink',
      'Service sink',
      'Deployment sink-proxy',
      'Service sink-proxy',
      'NetworkPolicy sink-proxy',
    ])
    expect(status.conditions).toContainEqual(expect.objectContaining({ type: 'FunctionAvailable', status: 'True' }))
  })

  test('answers hook version v1, whose keys are names, as it answers v2, whose keys have the namespace', async () => {
    expect(await (await post(body('sink'))).text()).toBe(await (await post(body('shop/sink'))).text())
  })

  test('takes a request of curl, without a content type of its own', async () => {
    const reply = await post(body('sink'), { 'content-type': 'application/x-www-form-urlencoded' })

    expect(reply.status).toBe(200)
  })

  test('takes a body of several MB and refuses one of more than 16 MiB', async () => {
    const padding = (bytes: number) => body('sink', { controller: { padding: 'x'.repeat(bytes) } })

    expect((await post(padding(25_000))).status).toBe(200)
    expect((await post(padding(8 * 1024 * 1024))).status).toBe(200)
    const refused = await post(padding(17 * 1024 * 1024))
    expect([refused.status, await refused.text()]).toEqual([413, 'the body is larger than 16 MiB\n'])
  })

  test('an invalid Function still gets a reply with a status', async () => {
    const reply = await post(JSON.stringify({ parent: { ...parent, spec: { image: 5 } } }))

    expect(reply.status).toBe(200)
    expect(await reply.json()).toMatchObject({
      children: [],
      status: { conditions: [{ type: 'Accepted', status: 'False' }, {}] },
    })
  })

  test('an invalid Function with children and without accepted spec is an error, so that nothing is deleted', async () => {
    const reply = await post(body('sink', { parent: { ...parent, spec: { image: 5 } } }))

    expect(reply.status).toBe(422)
    expect(await reply.text()).toContain('spec.image must be a string')
  })

  test.each([
    ['no JSON', '{"token": secret-text', 'the body is not JSON\n'],
    ['nothing', '', 'the body is not JSON\n'],
    ['a JSON literal', 'null', 'the body must be a JSON object with a parent\n'],
    ['a list', '[]', 'the body must be a JSON object with a parent\n'],
    ['no parent', '{}', 'parent must be an object with apiVersion, kind and metadata.name\n'],
    [
      'another kind',
      JSON.stringify({ parent: { ...parent, kind: 'Pod' } }),
      'parent must be a Function of core.openfunction.io/v1beta1\n',
    ],
    [
      'another version',
      JSON.stringify({ parent: { ...parent, apiVersion: 'core.openfunction.io/v1beta2' } }),
      'parent must be a Function of core.openfunction.io/v1beta1\n',
    ],
    [
      'a list of children',
      JSON.stringify({ parent, children: [deployment] }),
      'children must be a map of kinds, each a map of objects\n',
    ],
    [
      'a null child',
      JSON.stringify({ parent, children: { 'Service.v1': { a: null } } }),
      'children must be a map of kinds, each a map of objects\n',
    ],
  ])('refuses %s in one plain sentence', async (_, text, message) => {
    const reply = await post(text)

    expect([reply.status, await reply.text()]).toEqual([400, message])
  })

  test('an exception in the core becomes a short 500 without its message', async () => {
    const broken = await startController({
      ...options,
      checkShape: () => {
        throw new Error('password=hunter2')
      },
    })
    const reply = await fetch(`http://127.0.0.1:${broken.port}/sync`, { method: 'POST', body: body('sink') })
    await broken.stop()

    expect([reply.status, await reply.text()]).toEqual([500, 'internal error\n'])
  })
})

test('GET /healthz, GET /metrics and anything else', async () => {
  await post(body('sink'))

  expect((await fetch(url('/healthz'))).status).toBe(200)
  const metrics = await (await fetch(url('/metrics'))).text()
  expect(metrics).toMatch(/dapr_proxy_sync_duration_seconds_count\{hook="sync",outcome="accepted"\} \d+/)
  expect(metrics).toContain('process_resident_memory_bytes')
  expect((await fetch(url('/sync'))).status).toBe(404)
})

test('a port that is taken is a wrong configuration that names its variable', async () => {
  const second = startController({ ...options, port: controller.port })

  await expect(second).rejects.toThrow(/CONTROLLER_PORT is \d+, which is in use/)
})

test('promises to keep an idle connection for longer than Metacontroller does', async () => {
  const seconds = Number(/timeout=(\d+)/.exec((await fetch(url('/healthz'))).headers.get('keep-alive') ?? '')?.[1])

  expect(seconds).toBeGreaterThan(90)
})

test('stopping lets the request that is under way finish and closes its connection', async () => {
  const stopped = await startController(options)
  const text = body('sink')
  const pending = request({
    port: stopped.port,
    host: '127.0.0.1',
    path: '/sync',
    method: 'POST',
    headers: { 'content-length': text.length },
  })
  const reply = new Promise<[number | undefined, string | undefined]>((resolve, reject) => {
    pending.once('response', (response) => resolve([response.resume().statusCode, response.headers.connection]))
    pending.once('error', reject)
  })
  await new Promise((resolve) => pending.write(text.slice(0, 10), resolve))
  // The server has this request once it has answered one that was sent after it.
  await fetch(`http://127.0.0.1:${stopped.port}/healthz`)
  const stop = stopped.stop()
  pending.end(text.slice(10))

  expect(await reply).toEqual([200, 'close'])
  await stop
  await expect(fetch(`http://127.0.0.1:${stopped.port}/healthz`)).rejects.toThrow()
})

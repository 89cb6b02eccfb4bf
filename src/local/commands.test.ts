// `render` and `validate` as a user calls them.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { ConfigurationError, type Env } from '../shared/env.ts'
import type { Edge } from './edge.ts'
import { renderCommand } from './render.ts'
import { validateCommand } from './validate.ts'

const samples = fileURLToPath(new URL('../../manifests/samples/', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'dapr-proxy-'))
afterAll(() => rmSync(folder, { recursive: true }))

const commands = { render: renderCommand, validate: validateCommand }

async function cli([name, ...argv]: [keyof typeof commands, ...string[]], env: Env = {}) {
  const written = { stdout: '', stderr: '' }
  const to = (stream: keyof typeof written) => ({ write: (text: string) => (written[stream] += text) })
  const edge: Edge = { env, cwd: folder, execPath: '', stdout: to('stdout'), stderr: to('stderr'), on: () => undefined }
  return { status: await commands[name](argv, edge), ...written }
}

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text)
  return name
}

const bad = `# a comment
apiVersion: core.openfunction.io/v1beta1
kind: Function
metadata:
  name: bad
spec:
  image: example/bad:v1
  serving:
    runtime: async
    inputs:
      - name: first
        component: bus
        topic: t
      - name: first
        component: BUS
    template:
      hostNetwork: true
`

describe('render', () => {
  test('prints the children of all files as YAML, each time the same', async () => {
    const args: Parameters<typeof cli>[0] = ['render', join(samples, 'sink.yaml'), join(samples, 'publisher.yaml')]
    const { status, stdout, stderr } = await cli(args, {
      PROXY_IMAGE: 'example/proxy:2',
      CLUSTER_DOMAIN: 'corp.example',
    })

    expect([status, stderr]).toEqual([0, ''])
    const children = parseAllDocuments(stdout).map((document) => document.toJS())
    expect(children.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
      'Configuration sink',
      'ServiceAccount sink-proxy',
      'RoleBinding sink-proxy',
      'Deployment sink',
      'Service sink',
      'Deployment sink-proxy',
      'Service sink-proxy',
      'NetworkPolicy sink-proxy',
      'Component publisher.bindings.tick',
      'Component publisher.pubsub.broker',
      'Resiliency publisher',
      'Configuration publisher',
      'ServiceAccount publisher-proxy',
      'RoleBinding publisher-proxy',
      'Deployment publisher',
      'Service publisher',
      'Deployment publisher-proxy',
      'Service publisher-proxy',
      'NetworkPolicy publisher',
      'NetworkPolicy publisher-proxy',
    ])
    expect(stdout).toContain('image: example/proxy:2')
    expect(stdout).toContain('sink-proxy.default.svc.corp.example')
    expect(stdout).not.toContain('dapr-proxy/source')
    expect((await cli(args, { PROXY_IMAGE: 'example/proxy:2', CLUSTER_DOMAIN: 'corp.example' })).stdout).toBe(stdout)
  })

  test('prints nothing but every problem with file and line if a file is wrong', async () => {
    const { status, stdout, stderr } = await cli(['render', join(samples, 'sink.yaml'), file('bad.yaml', bad)])

    expect([status, stdout]).toEqual([1, ''])
    expect(stderr.split('\n').map((line) => line.split(': ').slice(0, 2).join(': '))).toEqual([
      'bad.yaml:17: spec.serving.template.hostNetwork',
      'bad.yaml:15: spec.serving.inputs[1].component',
      'bad.yaml:14: spec.serving.inputs[1].name',
      '',
    ])
  })

  test('passes over other documents with a note', async () => {
    const other = file('other.yaml', 'kind: Secret\nmetadata: { name: s }\n---\n---\n5\n')
    const { status, stdout, stderr } = await cli(['render', other])

    expect([status, stdout]).toEqual([0, ''])
    expect(stderr).toMatch(/^other.yaml:1: passed over Secret s, .*\nother.yaml:5: passed over a document, /)
  })

  test('names a wrong variable', async () => {
    const rendered = cli(['render', join(samples, 'sink.yaml')], { CLUSTER_DOMAIN: 'a b' })

    await expect(rendered).rejects.toThrow(ConfigurationError)
  })
})

describe('render as something else', () => {
  const v1 =
    'apiVersion: core.openfunction.io/v1beta1\nkind: Function\nmetadata: { name: a, namespace: n }\nspec: { image: i:1, serving: { runtime: knative } }\n'
  const v2 = v1.replace('i:1', 'i:2').replace('runtime: knative', 'runtime: knative, scaleOptions: { maxReplicas: 3 }')

  test('--as json is one List of the same children', async () => {
    const one = file('one.yaml', v1)
    const { stdout } = await cli(['render', '--as', 'json', one])

    expect(JSON.parse(stdout)).toEqual({
      apiVersion: 'v1',
      kind: 'List',
      items: parseAllDocuments((await cli(['render', one])).stdout).map((document) => document.toJS()),
    })
  })

  test('--explain gives one reason for each child of each sample', async () => {
    const names = ['sink', 'publisher', 'subscriber', 'state-counter', 'sidecar-mode', 'hello', 'order-api']
    const args = names.map((name) => join(samples, `${name}.yaml`))
    const { status, stdout } = await cli(['render', '--explain', ...args])
    const children = parseAllDocuments((await cli(['render', ...args])).stdout)

    expect(status).toBe(0)
    expect(stdout.match(/^[A-Z]\w+ [a-z0-9.-]+: .{10,}$/gm)).toHaveLength(children.length)
    expect(stdout).toContain(
      'Component publisher.pubsub.broker: declared in spec.serving.pubsub.broker, for the app-id',
    )
  })

  test('--diff with another file of Functions says what comes, goes and changes', async () => {
    const { status, stdout } = await cli(['render', '--diff', file('v1.yaml', v1), file('v2.yaml', v2)])

    expect(status).toBe(0)
    expect(stdout.split('\n')).toEqual([
      '~ Deployment n/a: spec.template.spec.containers.function.image: "i:1" → "i:2"',
      '+ HorizontalPodAutoscaler n/a',
      '',
    ])
  })

  test('--diff with a recorded state compares only what we set', async () => {
    const one = file('one.yaml', v1)
    const list = JSON.parse((await cli(['render', '--as', 'json', one])).stdout)
    const [deployment] = list.items
    deployment.spec.progressDeadlineSeconds = 600
    deployment.spec.template.spec.containers[0].env.reverse()
    const same = file('state.yaml', JSON.stringify(list))
    expect(await cli(['render', '--diff', same, one])).toEqual({ status: 0, stdout: '', stderr: '' })
    deployment.spec.template.spec.containers[0].image = 'other'

    const { stdout } = await cli(['render', '--diff', file('state.yaml', JSON.stringify(list)), one])
    expect(stdout).toBe('~ Deployment n/a: spec.template.spec.containers.function.image: "other" → "i:1"\n')
  })

  test('wrong use', async () => {
    const one = file('one.yaml', v1)

    expect((await cli(['render', '--as', 'xml', one])).status).toBe(2)
    expect((await cli(['render', '--explain', '--diff', one, one])).status).toBe(2)
    expect((await cli(['render', '--diff', 'gone.yaml', one])).status).toBe(1)
  })
})

describe('validate', () => {
  test('says ok for each file that is', async () => {
    const sink = join(samples, 'sink.yaml')

    expect(await cli(['validate', sink])).toEqual({ status: 0, stdout: `${sink}: ok\n`, stderr: '' })
  })

  test.each([
    [
      'a field that is not known',
      'kind: Function\napiVersion: core.openfunction.io/v1beta1\nmetadata:\n  name: a\nspec:\n  image: i\n  serving:\n    runtime: knative\n    input: []\n',
      ':9: spec.serving.input: is not a field',
    ],
    [
      'a missing field, at the line of what lacks it',
      'kind: Function\napiVersion: core.openfunction.io/v1beta1\nmetadata:\n  name: a\nspec:\n  serving:\n    runtime: knative\n',
      ':5: spec.image: is missing',
    ],
    [
      'another version',
      'kind: Function\napiVersion: core.openfunction.io/v1beta2\n',
      ':2: apiVersion: is core.openfunction.io/v1beta2',
    ],
    [
      'no name',
      'apiVersion: core.openfunction.io/v1beta1\nkind: Function\nspec: {}\n',
      ':1: metadata.name: is missing',
    ],
    ['text that is not YAML', 'a: b\nc: [\n', ':3: is not YAML'],
    [
      'a key with dots and a slash',
      'apiVersion: core.openfunction.io/v1beta1\nkind: Function\nmetadata: { name: a }\nspec:\n  image: i\n  serving:\n    runtime: knative\n    annotations:\n      a: b\n      dapr.io/app-protocol: h2\n',
      ':10: spec.serving.annotations[dapr.io/app-protocol]: must be grpc or http',
    ],
  ])('reports %s', async (_, text, line) => {
    const { status, stdout } = await cli(['validate', file('case.yaml', text)])

    expect(status).toBe(1)
    expect(stdout).toContain(`case.yaml${line}`)
  })

  test.each([
    ['nothing', ''],
    ['comments alone', '# later\n---\n'],
    ['objects of other kinds', 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n'],
  ])('reports a file without any Function: %s', async (_, text) => {
    const { status, stdout } = await cli(['validate', file('none.yaml', text), join(samples, 'sink.yaml')])

    expect(status).toBe(1)
    expect(stdout).toMatch(/none\.yaml:1: has no Function of core\.openfunction\.io.*\n.*sink\.yaml: ok\n$/)
  })

  test('reports a file that is not there and two Functions of one name', async () => {
    const sink = join(samples, 'sink.yaml')

    expect(await cli(['validate', 'missing.yaml'])).toMatchObject({
      status: 1,
      stdout: expect.stringContaining('missing.yaml:1: cannot be read'),
    })
    const twin =
      'apiVersion: core.openfunction.io/v1beta1\nkind: Function\nmetadata: { name: sink }\nspec: { image: i }\n'
    const { stdout } = await cli(['validate', sink, file('twin.yaml', twin)])
    expect(stdout).toContain('twin.yaml:3: metadata.name: is also the name')
  })
})

test('wrong use of a command is exit code 2 with the usage on stderr, --help is 0 with it on stdout', async () => {
  const usage = expect.stringContaining('usage: dapr-proxy')
  expect(await cli(['render'])).toEqual({ status: 2, stdout: '', stderr: usage })
  expect(await cli(['validate', '--frob'])).toEqual({ status: 2, stdout: '', stderr: usage })
  expect(await cli(['render', '--help'])).toEqual({ status: 0, stdout: usage, stderr: '' })
  expect(await cli(['validate', '-h'])).toEqual({ status: 0, stdout: usage, stderr: '' })
})

describe('the process', () => {
  const main = fileURLToPath(new URL('./main.ts', import.meta.url))
  const start = (args: string[], env: Record<string, string> = {}) =>
    spawnSync(process.execPath, ['--import', import.meta.resolve('tsx'), main, ...args], { env, encoding: 'utf8' })

  test.each<[string, number, string[], Record<string, string>]>([
    ['renders', 0, ['render', join(samples, 'sink.yaml')], {}],
    ['refuses a wrong file', 1, ['validate', join(folder, 'missing.yaml')], {}],
    ['refuses an unknown command', 2, ['constructor'], {}],
    ['refuses a wrong variable', 64, ['render', join(samples, 'sink.yaml')], { CLUSTER_DOMAIN: 'a b' }],
    ['explains itself', 0, ['--help'], {}],
  ])('%s with exit code %i', (_, code, args, env) => {
    expect(start(args, env).status).toBe(code)
  })
})

import { describe, expect, test } from 'vitest'
import type { KubeObject } from '../../shared/k8s.ts'
import { PlanError, planRun, type RenderedFunction } from './plan.ts'

const funcContext = JSON.stringify({ name: 'f', version: 'v1', runtime: 'Async', port: '8080' })

function deployment(name: string, container: string, annotations: Record<string, string>): KubeObject {
  const containers = [{ name: container, env: [{ name: 'FUNC_CONTEXT', value: funcContext }] }]
  const template = { metadata: { annotations }, spec: { containers } }
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name }, spec: { template } }
}

const component = (name: string, type: string, metadata: object[] = []): KubeObject => ({
  apiVersion: 'dapr.io/v1alpha1',
  kind: 'Component',
  metadata: { name },
  spec: { type, version: 'v1', metadata },
})

const dapr = { 'dapr.io/enabled': 'true', 'dapr.io/app-id': 'f-shop', 'dapr.io/app-protocol': 'grpc' }

const children = [
  deployment('f', 'function', { 'dapr.io/enabled': 'false' }),
  deployment('f-proxy', 'dapr-proxy', dapr),
  component('f.pubsub.bus', 'pubsub.redis'),
]

function rendered(changes: Partial<RenderedFunction> = {}, serving: object = {}): RenderedFunction {
  const fn = { apiVersion: 'v1', kind: 'Function', metadata: { name: 'f', namespace: 'shop' }, spec: { serving } }
  return { function: fn, file: 'samples/f.yaml', annotation: './f.js#go', children, ...changes }
}

const plan = (functions: readonly RenderedFunction[], changes: object = {}) =>
  planRun(functions, { sources: new Map(), cwd: '/home', ...changes })

describe('planRun', () => {
  test('standalone: the sidecar of the proxy, the function by itself', () => {
    const [planned] = plan([rendered()])

    expect(planned).toMatchObject({
      name: 'f',
      namespace: 'shop',
      source: { path: '/home/samples/f.js', target: 'go' },
      context: { port: '8080' },
      container: { name: 'function' },
      proxy: { name: 'dapr-proxy' },
      sidecar: { appId: 'f-shop', protocol: 'grpc', components: [{ name: 'f.pubsub.bus' }] },
    })
  })

  test('sidecar mode: a sidecar and no proxy', () => {
    const [planned] = plan([rendered({ children: [deployment('f', 'function', dapr)] })])

    expect(planned?.sidecar?.appId).toBe('f-shop')
    expect(planned).not.toHaveProperty('proxy')
  })

  test('without Dapr: neither', () => {
    const [planned] = plan([rendered({ children: [deployment('f', 'function', {})] })])

    expect(planned).not.toHaveProperty('sidecar')
  })

  test.each([
    [{}, {}, 1],
    [{ scaleOptions: { minReplicas: 3 } }, {}, 3],
    [{ scaleOptions: { minReplicas: 0 } }, {}, 1],
    [{ scaleOptions: { minReplicas: 3 } }, { replicas: 2 }, 2],
  ])('with serving %j and options %j it has %d replicas', (serving, options, replicas) => {
    expect(plan([rendered({}, serving)], options)[0]?.replicas).toBe(replicas)
  })

  test('the command line names the code in place of the annotation, from where it is typed', () => {
    const [planned] = plan([rendered()], { sources: new Map([['f', 'other.js']]) })

    expect(planned?.source).toEqual({ path: '/home/other.js' })
  })

  test('all that is missing is said at once', () => {
    const cron = component('f.bindings.tick', 'bindings.cron', [{ name: 'schedule', value: 'soon' }])
    const functions = [
      rendered({ annotation: undefined }),
      rendered({ children: [...children, cron], file: 'g.yaml' }),
      rendered({ children: [], file: 'h.yaml' }),
    ]

    const attempt = () => plan(functions, { sources: new Map([['nobody', 'x.js']]) })

    expect(attempt).toThrow(PlanError)
    expect(attempt).toThrow('--source names nobody')
    expect(attempt).toThrow('--source f=./fn.js#target')
    expect(attempt).toThrow('g.yaml: f.bindings.tick: schedule is "soon"')
    expect(attempt).toThrow('h.yaml: f: it has no function Deployment')
  })

  test('two Functions with one app-id cannot run together', () => {
    expect(() => plan([rendered(), rendered({ file: 'g.yaml' })])).toThrow('two Functions have the app-id f-shop')
  })
})

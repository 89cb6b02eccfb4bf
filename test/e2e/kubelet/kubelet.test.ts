// What the kubelet stand-in derives from a pod's spec, without starting anything.
import { describe, expect, test } from 'vitest'
import type { ContainerState } from './container.ts'
import { daprdArguments, daprdContainer, withDaprEnv } from './daprd.ts'
import { type EnvContext, expand, resolveEnv } from './env.ts'
import { imageContents } from './images.ts'
import type { Container, Pod } from './pod-spec.ts'
import { podStatus } from './status.ts'

const files = { binary: '/bin/daprd', resources: '/r' }

describe('resolveEnv', () => {
  test('reads fields, secrets and config maps, and expands earlier names', async () => {
    const env = await resolveEnv(
      container({
        env: [
          { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
          { name: 'URL', value: 'http://$(IP):80/$(NOBODY)' },
          { name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 's', key: 'p' } } },
          { name: 'ABSENT', valueFrom: { configMapKeyRef: { name: 'c', key: 'x', optional: true } } },
          { name: 'APP', valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } },
        ],
      }),
      context({ s: { p: 'secret' } }),
    )

    expect(env).toEqual({ IP: '10.244.0.9', URL: 'http://10.244.0.9:80/$(NOBODY)', PASSWORD: 'secret', APP: 'a' })
  })

  test('refuses to start a container whose secret is missing', async () => {
    const env = [{ name: 'P', valueFrom: { secretKeyRef: { name: 's', key: 'p' } } }]

    await expect(resolveEnv(container({ env }), context({}))).rejects.toThrow('secret s with key p not found')
  })

  test('keeps an escaped reference', () => {
    expect(expand('$$(A) $(A)', { A: '1' })).toBe('$(A) 1')
  })
})

describe('daprd', () => {
  test('gets the flags that the annotations ask for, and the defaults of the injector', () => {
    const flags = daprdArguments(
      pod({ 'app-id': 'shop', 'app-port': '8080', 'sidecar-listen-addresses': '0.0.0.0', 'log-level': 'debug' }),
      files,
    )

    expect(flags).toContain('--app-id=shop')
    expect(flags).toContain('--app-port=8080')
    expect(flags).toContain('--app-protocol=http')
    expect(flags).toContain('--dapr-listen-addresses=0.0.0.0')
    expect(flags).toContain('--log-level=debug')
    expect(flags.join(' ')).not.toContain('app-health')
  })

  test('checks the health of the app only where that is asked for', () => {
    const flags = daprdArguments(pod({ 'enable-app-health-check': 'true', 'app-health-probe-interval': '1' }), files)

    expect(flags).toContain('--enable-app-health-check')
    expect(flags).toContain('--app-health-probe-interval=1')
    expect(flags).toContain('--app-health-check-path=/healthz')
  })

  test('gets its tokens from the named secrets', () => {
    const { env } = daprdContainer(pod({ 'app-token-secret': 'mine' }), files)

    expect(env).toContainEqual({
      name: 'APP_API_TOKEN',
      valueFrom: { secretKeyRef: { name: 'mine', key: 'token' } },
    })
  })

  test('adds its ports to app containers that do not set them', () => {
    const env = [{ name: 'DAPR_HTTP_PORT', value: '9' }]

    const names = withDaprEnv(container({ env }), pod({})).env?.map(({ name, value }) => `${name}=${value}`)

    expect(names).toEqual(['DAPR_HTTP_PORT=9', 'DAPR_GRPC_PORT=50001', 'APP_PROTOCOL=http'])
  })
})

describe('podStatus', () => {
  test('is Ready only when every container is', () => {
    const facts = { pod: pod({}), podIp: 'p', hostIp: 'h', startedAt: 't0', previous: [], now: 't1' }
    const running = { state: { running: {} }, lastState: {}, started: true, restarts: 0 }
    const seen = (name: string, ready: boolean) => ({
      name,
      image: 'i',
      state: { ...running, ready } as ContainerState,
    })

    const half = podStatus({ ...facts, containers: [seen('a', true), seen('daprd', false)] })
    const whole = podStatus({ ...facts, previous: half.conditions, now: 't2', containers: [seen('a', true)] })

    expect(half).toMatchObject({ phase: 'Running', podIP: 'p' })
    expect(half.conditions).toContainEqual({ type: 'Ready', status: 'False', lastTransitionTime: 't1' })
    expect(whole.conditions).toContainEqual({ type: 'Ready', status: 'True', lastTransitionTime: 't2' })
    expect(whole.conditions).toContainEqual({ type: 'Initialized', status: 'True', lastTransitionTime: 't1' })
  })
})

describe('imageContents', () => {
  test('tells proxy and controller apart in one image', () => {
    const proxy = imageContents(container({ name: 'dapr-proxy', image: 'registry/dapr-proxy:1' }))
    const controller = imageContents(container({ name: 'controller', image: 'dapr-proxy:1' }))

    expect(proxy.entrypoint[1]).toMatch(/proxy\/main\.js$/)
    expect(controller.entrypoint[1]).toMatch(/controller\/main\.js$/)
  })

  test('does not guess what an unknown image holds', () => {
    expect(() => imageContents(container({ image: 'nginx' }))).toThrow('nginx')
  })
})

function container(part: Partial<Container>): Container {
  return { name: 'app', image: 'e2e/record:1', ...part }
}

function pod(annotations: Record<string, string>): Pod {
  const entries = Object.entries(annotations).map(([name, value]) => [`dapr.io/${name}`, value])
  return {
    metadata: { name: 'p', namespace: 'n', labels: { app: 'a' }, annotations: Object.fromEntries(entries) },
    spec: { containers: [container({})] },
  }
}

function context(secrets: Record<string, Record<string, string>>): EnvContext {
  const data: EnvContext['data'] = async (kind, name) => (kind === 'secret' ? secrets[name] : undefined)
  return { pod: pod({}), podIp: '10.244.0.9', hostIp: '10.244.0.1', data }
}

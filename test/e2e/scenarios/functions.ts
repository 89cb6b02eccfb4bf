// Functions that the scenarios apply, each builder with what the case is about and nothing more.
import type { Ledger } from '../ledger/ledger.ts'
import { mqttAddress, redisAddress } from '../rig/brokers.ts'
import type { KubeObject } from '../rig/kube.ts'

export type Mode = 'standalone' | 'sidecar'
export type Protocol = 'grpc' | 'http'

export interface Options {
  readonly name: string
  /** Left out, the number belongs to whoever scales the Deployment. */
  readonly replicas?: number
  readonly protocol?: Protocol
  readonly mode?: Mode
  readonly image?: string
  readonly params?: Readonly<Record<string, string>>
  readonly port?: number
}

/** Short, so that what a crash leaves behind comes again within a scenario's patience; plain milliseconds. */
export const quickRedelivery = { processingTimeout: '4000', redeliverInterval: '1000' }

export function redisPubsub(metadata: Readonly<Record<string, string>> = {}) {
  const address = `${redisAddress.host}:${redisAddress.port}`
  return component('pubsub.redis', { redisHost: address, redisPassword: '', consumerID: 'e2e', ...metadata })
}

export function redisBinding() {
  return component('bindings.redis', { redisHost: `${redisAddress.host}:${redisAddress.port}`, redisPassword: '' })
}

/** The binding of the same name is in no stable build of daprd. */
export function mqttPubsub() {
  return component('pubsub.mqtt3', {
    url: `tcp://${mqttAddress.host}:${mqttAddress.port}`,
    qos: '1',
    consumerID: 'e2e',
  })
}

export function cronBinding(schedule: string) {
  return component('bindings.cron', { schedule })
}

export function component(type: string, metadata: Readonly<Record<string, string>>) {
  return { type, version: 'v1', metadata: Object.entries(metadata).map(([name, value]) => ({ name, value })) }
}

/** An async function that records every event of a Redis topic in a ledger. */
export function recorder(
  ledger: Ledger,
  options: Options & { readonly topic: string; readonly redis?: Readonly<Record<string, string>> },
): KubeObject {
  return functionOf('async', {
    image: 'e2e/record:1',
    ...options,
    params: { LEDGER: ledger.folder, ...options.params },
    serving: {
      inputs: [{ name: 'events', component: 'redis', topic: options.topic }],
      pubsub: { redis: redisPubsub(options.redis) },
    },
  })
}

export function functionOf(
  runtime: 'async' | 'knative',
  options: Options & { readonly serving?: Readonly<Record<string, unknown>> },
): KubeObject {
  const { name, mode = 'standalone', protocol = 'grpc', replicas, params } = options
  return {
    apiVersion: 'core.openfunction.io/v1beta1',
    kind: 'Function',
    metadata: { name },
    spec: {
      version: 'v1',
      image: options.image,
      ...(options.port === undefined ? {} : { port: options.port }),
      serving: {
        runtime,
        annotations: {
          'openfunction.io/enable-dapr': 'true',
          'openfunction.io/dapr-service-mode': mode,
          'dapr.io/app-protocol': protocol,
        },
        ...(replicas === undefined ? {} : { scaleOptions: { minReplicas: replicas } }),
        ...(params === undefined ? {} : { params }),
        ...options.serving,
      },
    },
  }
}

/** A sync function that says who answered. */
export function greeter(options: Options): KubeObject {
  return functionOf('knative', { image: 'e2e/greet:1', ...options })
}

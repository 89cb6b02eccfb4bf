// Where the addresses of replicas come from. A new source is one more file beside this one and one line below.

import type { ReplicaAddress } from '../../dapr/replica.ts'
import type { Log } from '../../shared/log.ts'
import { startDns } from './dns.ts'
import type { DiscoveryConfig } from './settings.ts'

export interface Discovery {
  /** Resolves once the first definite answer is in. */
  readonly ready: Promise<void>
  stop(): void
}

/** Is told the whole set each time it may have changed. */
export type OnReplicas = (replicas: readonly ReplicaAddress[]) => void

export function startDiscovery(config: DiscoveryConfig, onReplicas: OnReplicas, log: Log): Discovery {
  switch (config.kind) {
    case 'static':
      onReplicas(config.replicas)
      return { ready: Promise.resolve(), stop() {} }
    case 'dns':
      return startDns(config.name, onReplicas, log)
    case 'endpointslices':
      // It brings node:https, so it is loaded where it is used.
      return startOnceLoaded(async () => {
        const { startEndpointSlices } = await import('./endpointslices/endpointslices.ts')
        return startEndpointSlices(config, onReplicas, log)
      })
  }
}

function startOnceLoaded(load: () => Promise<Discovery>): Discovery {
  const loading = load()
  return {
    ready: loading.then(({ ready }) => ready),
    stop() {
      loading.then((discovery) => discovery.stop())
    },
  }
}

// Where the addresses of replicas come from. A new source is one more file beside this one and one line below.

import type { Log } from '../../shared/log.ts'
import type { Discovery, OnReplicas } from './found.ts'
import type { DiscoveryConfig } from './settings.ts'

export function startDiscovery(config: DiscoveryConfig, onReplicas: OnReplicas, log: Log): Discovery {
  switch (config.kind) {
    case 'static':
      onReplicas(config.replicas)
      return { ready: Promise.resolve(), stop() {} }
    // What these two bring of Node, node:dns and node:https, is loaded where it is used.
    case 'dns':
      return startOnceLoaded(async () => {
        const { startDns } = await import('./dns.ts')
        return startDns(config.name, onReplicas, log)
      })
    case 'endpointslices':
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

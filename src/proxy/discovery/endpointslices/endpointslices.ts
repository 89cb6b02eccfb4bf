// Replicas by a watch of the Service's EndpointSlices; by DNS while the API server does not let us, or has not answered yet.

import type { ReplicaAddress } from '../../../dapr/replica.ts'
import type { Log } from '../../../shared/log.ts'
import { startDns } from '../dns.ts'
import type { Discovery, OnReplicas } from '../found.ts'
import type { EndpointSlicesConfig } from '../settings.ts'
import { type ApiServer, createApiServer } from './api-server.ts'
import { type Clock, type Failure, followSlices } from './follow.ts'
import { replicasOf } from './replicas-of.ts'
import { SliceTable } from './slice-table.ts'

/** What it needs of the world, so that tests bring their own. */
export interface World {
  readonly api: ApiServer
  readonly clock: Clock
  readonly dns: typeof startDns
}

export function startEndpointSlices(
  config: EndpointSlicesConfig,
  onReplicas: OnReplicas,
  log: Log,
  world: World = worldOf(config),
): Discovery {
  const table = new SliceTable(config.port)
  const stopping = new AbortController()
  // The family of the API server's address is the first family of a cluster with two.
  const family = config.apiServer.host.includes(':') ? 6 : 4
  let becomeReady = () => {}
  const ready = new Promise<void>((resolve) => {
    becomeReady = resolve
  })
  const publish = (replicas: readonly ReplicaAddress[]) => {
    onReplicas(replicas)
    becomeReady()
  }
  const fallback = createFallback(config, publish, log, world.dns)
  const tell = createReport(config, log)
  let isListed = false

  const publishTable = () => {
    publish(replicasOf(table.slices(), family))
    tell.withoutPort(table.withoutPort())
  }
  followSlices({
    ...config,
    ...world,
    table,
    signal: stopping.signal,
    onNews() {
      isListed = true
      // DNS holds the word until the watch is answered as well.
      if (!fallback.isRunning()) publishTable()
    },
    onOpen() {
      if (fallback.isRunning()) {
        fallback.stop()
        publishTable()
      }
      tell.opened()
    },
    onFailure(failure) {
      // The last good replicas survive an outage. Where there are none yet, or no right to better ones, DNS is better than nothing.
      const needsFallback = failure.isRefused || !isListed
      if (needsFallback) fallback.start(replicasOf(table.slices(), family).length > 0)
      tell.failed(failure, needsFallback)
    },
  })

  return {
    ready,
    stop() {
      stopping.abort()
      fallback.stop()
    },
  }
}

function worldOf({ apiServer, account }: EndpointSlicesConfig): World {
  const clock = { now: () => performance.now(), random: Math.random }
  return { api: createApiServer(apiServer, account), clock, dns: startDns }
}

/** DNS, while it is needed. "No such name" from a DNS that has never known the Service does not undo what the watch knew. */
function createFallback({ fallback: name }: EndpointSlicesConfig, publish: OnReplicas, log: Log, dns: typeof startDns) {
  let running: Discovery | undefined
  return {
    isRunning: () => running !== undefined,
    start(hasReplicas: boolean) {
      if (running) return
      let isEmptyTrue = !hasReplicas
      const onAnswer: OnReplicas = (replicas) => {
        isEmptyTrue ||= replicas.length > 0
        if (isEmptyTrue) publish(replicas)
      }
      running = dns(name, onAnswer, log)
    },
    stop() {
      running?.stop()
      running = undefined
    },
  }
}

/** One line when something begins and one when it ends, however often it is tried between. */
function createReport({ service, namespace, fallback }: EndpointSlicesConfig, log: Log) {
  const where = { service, namespace }
  let trouble: string | undefined
  let isFirst = true
  let toldSlices = ''
  return {
    opened() {
      if (isFirst || trouble) log.info('watches EndpointSlices', where)
      isFirst = false
      trouble = undefined
    },
    failed({ isRefused, inARow, reason }: Failure, isByDns: boolean) {
      const message = messageOf(isRefused, isByDns)
      // A watch may be cut at any time and goes on a moment later; only the second failure in a row is news.
      if (message === trouble || (!isByDns && inARow < 2)) return
      trouble = message
      log.warn(message, { ...where, reason, ...(isByDns ? { name: fallback.host } : {}) })
    },
    withoutPort(slices: readonly string[]) {
      const text = slices.toSorted().join(' ')
      if (text !== '' && text !== toldSlices) {
        log.warn('EndpointSlices without the port of the function; name one with PROXY_DISCOVERY', {
          ...where,
          slices: text,
        })
      }
      toldSlices = text
    },
  }
}

function messageOf(isRefused: boolean, isByDns: boolean): string {
  if (isRefused) return 'may not watch EndpointSlices; replicas come from DNS'
  return isByDns
    ? 'the API server gives no EndpointSlices; replicas come from DNS'
    : 'the API server gives no EndpointSlices; the last replicas stay'
}

// The whole proxy, in the order in which an event passes through it.

import type { ReplicaClient } from '../dapr/event.ts'
import { inputsOf } from '../dapr/inputs.ts'
import type { ReplicaAddress } from '../dapr/replica.ts'
import type { AppServer, AppServerOptions } from '../dapr/server.ts'
import type { Running } from '../shared/lifecycle.ts'
import { listenOn } from '../shared/listen.ts'
import type { Log } from '../shared/log.ts'
import { createDebug } from './admin/debug.ts'
import { createAdmin } from './admin.ts'
import { leastLoadedOfTwo } from './balancer.ts'
import type { ProxyConfig } from './config.ts'
import { startDiscovery } from './discovery/discovery.ts'
import { dispatch } from './dispatch.ts'
import { drain } from './drain.ts'
import { createHold } from './hold.ts'
import { createMemory } from './memory.ts'
import { createObservation } from './observation.ts'
import { Replicas } from './replicas.ts'

export interface RunningProxy extends Running {
  readonly port: number
  readonly adminPort: number
}

/** One protocol: how events come in, and how they go out to a replica. */
interface Protocol<Message> {
  readonly createServer: (options: AppServerOptions<Message>) => AppServer
  readonly createClient: (address: ReplicaAddress) => ReplicaClient<Message>
}

/** Listens at once and resolves then. daprd may come before there is a replica. */
export async function startProxy(config: ProxyConfig, log: Log): Promise<RunningProxy> {
  // Each protocol brings libraries of its own, so only the one in use is loaded.
  if (config.protocol === 'http') {
    const { createHttpServer: createServer } = await import('../dapr/http/server.ts')
    const { createHttpClient: createClient } = await import('../dapr/http/client.ts')
    return start(config, log, { createServer, createClient })
  }
  const { createGrpcServer: createServer } = await import('../dapr/grpc/server.ts')
  const { createGrpcClient: createClient } = await import('../dapr/grpc/client.ts')
  return start(config, log, { createServer, createClient })
}

async function start<Message>(config: ProxyConfig, log: Log, protocol: Protocol<Message>): Promise<RunningProxy> {
  const { listen } = config
  let isHealthy = true
  let isReady = false
  const memory = createMemory(config.maxHeldBytes)
  const replicas = new Replicas(protocol.createClient)
  const hold = createHold(config, { now: () => performance.now(), random: Math.random })
  const inputs = inputsOf(config.context)
  const sources = {
    inFlight: () => core.inFlight(),
    held: hold.held,
    oldestHeldMs: hold.oldestHeldMs,
    bufferedBytes: memory.taken,
    replicas: () => replicas.current(),
  }
  const routes = [...inputs.topics, ...inputs.bindings].map(({ route }) => route)
  const observation = createObservation({ sources, context: config.context, routes, log })
  const core = dispatch({
    replicas,
    pick: leastLoadedOfTwo(Math.random),
    hold,
    observer: observation,
    now: () => performance.now(),
  })

  // An event comes in here, …
  const server = protocol.createServer({
    inputs,
    isHealthy: () => isHealthy,
    maxEventBytes: config.maxEventBytes,
    memory,
    onRefused: observation.refused,
    // … goes to the less loaded of two replicas, to another one if that did not run it, or waits for one.
    handler: core.handler,
  })

  const admin = createAdmin({
    isReady: () => isReady,
    metrics: observation.metrics,
    debug: createDebug({ name: config.context.name, sources, observation }),
  })
  const [port = 0, adminPort = 0] = await listenOn(
    { variable: 'PROXY_PORT', port: listen.port, listen: () => server.listen(listen.port, listen.host) },
    { variable: 'PROXY_ADMIN_PORT', port: config.adminPort, listen: () => admin.listen(config.adminPort) },
  )
  const discovery = startDiscovery(config.discovery, (addresses) => replicas.replace(addresses), log)
  discovery.ready.then(() => {
    isReady = true
  })
  log.info('listening', { function: config.context.name, protocol: config.protocol, port, adminPort })

  return {
    port,
    adminPort,
    async stop() {
      await drain({
        busy: core.inFlight,
        connections: server.connections,
        reportUnhealthy: () => {
          isHealthy = false
        },
        timeoutMs: config.drainTimeoutMs,
        log,
      })
      discovery.stop()
      await server.close()
      replicas.replace([])
      observation.flush()
      await admin.close()
    },
  }
}

// The whole proxy: a server of the app channel, the core behind it, and what surrounds them.

import type { Way } from '../dapr/dial.ts'
import type { ReplicaClient } from '../dapr/event.ts'
import { inputsOf } from '../dapr/inputs.ts'
import type { ReplicaAddress } from '../dapr/replica.ts'
import type { AppServer, AppServerOptions } from '../dapr/server.ts'
import type { Running } from '../shared/lifecycle.ts'
import { listenOn, type Port } from '../shared/listen.ts'
import type { Fields, Log } from '../shared/log.ts'
import { createDebug } from './admin/debug.ts'
import { createAdmin } from './admin.ts'
import type { ProxyConfig } from './config.ts'
import { type Core, createCore } from './core.ts'
import type { Sources } from './counts.ts'
import { startDiscovery } from './discovery/discovery.ts'
import type { Discovery } from './discovery/found.ts'
import { drain } from './drain.ts'
import { type CountedMemory, createMemory } from './memory.ts'
import { createObservation } from './observation.ts'
import { createProbe } from './replica/probe.ts'
import { systemTime } from './time.ts'
import { type Transport, transportOf } from './transport.ts'

export interface RunningProxy extends Running {
  readonly port: number
  readonly adminPort: number
}

/** One protocol: how events come in, and how they go out to a replica. */
interface Protocol<Message> {
  readonly transport: Transport
  readonly createServer: (options: AppServerOptions<Message>) => AppServer
  readonly createClient: (address: ReplicaAddress, way: Way) => ReplicaClient<Message>
}

/** Resolves once daprd can come. */
export async function startProxy(config: ProxyConfig, log: Log): Promise<RunningProxy> {
  const transport = await transportOf(config)
  // Each protocol brings libraries of its own, so only the one in use is loaded.
  if (config.protocol === 'http') {
    const { createHttpServer: createServer } = await import('../dapr/http/server.ts')
    const { createHttpClient: createClient } = await import('../dapr/http/client.ts')
    return start(config, log, { createServer, createClient, transport })
  }
  const { createGrpcServer: createServer } = await import('../dapr/grpc/server.ts')
  const { createGrpcClient: createClient } = await import('../dapr/grpc/client.ts')
  return start(config, log, { createServer, createClient, transport })
}

async function start<Message>(config: ProxyConfig, log: Log, protocol: Protocol<Message>): Promise<RunningProxy> {
  const { context, listen } = config
  let isHealthy = true
  let isReady = false
  const memory = createMemory(config.maxHeldBytes)
  const inputs = context && inputsOf(context)
  const routes = inputs ? [...inputs.topics, ...inputs.bindings].map(({ route }) => route) : []
  const sources = sourcesOf(() => core, memory)
  const observation = createObservation({ sources, context, routes, log })
  const { toReplicas, createServer } = protocol.transport
  const core: Core<Message> = createCore(config, {
    createClient: (address) => protocol.createClient(address, toReplicas),
    probe: createProbe({ ...toReplicas, onNoHandshake: observation.noHandshake }),
    time: systemTime,
    observer: observation,
  })

  const server = protocol.createServer({
    ...(inputs && { inputs }),
    isHealthy: () => isHealthy,
    maxEventBytes: config.maxEventBytes,
    memory,
    ...(config.appToken !== undefined && { appToken: config.appToken }),
    onRefused: observation.refused,
    ...(createServer && { createServer }),
    handler: core.handler,
  })

  const admin = createAdmin({
    isReady: () => isReady,
    metrics: observation.metrics,
    debug: createDebug({ name: context?.name ?? '', sources, observation }),
  })
  const adminPort = {
    variable: 'PROXY_ADMIN_PORT',
    port: config.adminPort,
    listen: () => admin.listen(config.adminPort),
  }
  const port = { variable: 'PROXY_PORT', port: listen.port, listen: () => server.listen(listen.port, listen.host) }
  const discover = () => startDiscovery(config.discovery, (addresses) => core.replicas.replace(addresses), log)
  const open = await (context ? openAtOnce(port, adminPort, discover) : openLate(port, adminPort, discover, core))
  const { discovery, ...ports } = open
  discovery.ready.then(() => {
    isReady = true
  })
  log.info('listening', { function: context?.name, protocol: config.protocol, ...tlsOf(config), ...ports })

  return {
    ...ports,
    async stop() {
      await drain({
        busy: core.underWay,
        connections: server.connections,
        reportUnhealthy: () => {
          isHealthy = false
        },
        timeoutMs: config.drainTimeoutMs,
        log,
      })
      discovery.stop()
      await server.close()
      core.stop()
      observation.flush()
      await admin.close()
    },
  }
}

/** For the log: nothing where all is plain text. */
const tlsOf = ({ tls, replicaTls }: ProxyConfig): Fields => ({
  ...(tls && { tls: 'towards daprd' }),
  ...(replicaTls && { replicaTls: replicaTls.ca === undefined ? 'any certificate' : 'verified' }),
})

/** Read when somebody asks, which is after the core is there. */
function sourcesOf(core: () => Core<never>, memory: CountedMemory): Sources {
  return {
    inFlight: () => core().underWay(),
    held: () => core().hold.held(),
    oldestHeldMs: () => {
      const oldestMs = core().hold.oldestMs()
      return oldestMs === undefined ? 0 : systemTime.now() - oldestMs
    },
    bufferedBytes: memory.taken,
    replicas: () =>
      core()
        .replicas.current()
        .map(({ address, state, inFlight, answered, load }) => {
          const latencyMs = load.latencyMs(systemTime.now())
          return { address, state, inFlight, answered, ...(latencyMs > 0 && { latencyMs }) }
        }),
  }
}

interface Open {
  readonly port: number
  readonly adminPort: number
  readonly discovery: Discovery
}

/** daprd's questions are answered from FUNC_CONTEXT, so it may come before there is a replica. */
async function openAtOnce(port: Port, adminPort: Port, discover: () => Discovery): Promise<Open> {
  const [portOpen = 0, adminPortOpen = 0] = await listenOn(port, adminPort)
  return { port: portOpen, adminPort: adminPortOpen, discovery: discover() }
}

/**
 * An open port is the only sign that daprd takes for a living app, and what it asks then it asks once. So the port opens with the
 * first replica, and stays open.
 */
async function openLate(port: Port, adminPort: Port, discover: () => Discovery, core: Core<never>): Promise<Open> {
  const [adminPortOpen = 0] = await listenOn(adminPort)
  const discovery = discover()
  await core.firstReplica()
  const [portOpen = 0] = await listenOn(port)
  return { port: portOpen, adminPort: adminPortOpen, discovery }
}

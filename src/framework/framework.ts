// The framework, wired: a function, its way out, and the server for its runtime.

import type { AppServer } from '../dapr/server.ts'
import { ConfigurationError } from '../shared/env.ts'
import type { Running } from '../shared/lifecycle.ts'
import { listenProblem } from '../shared/listen.ts'
import { type Log, reason } from '../shared/log.ts'
import { createAsyncServer } from './async/async-server.ts'
import { createRunEvent } from './async/run-event.ts'
import type { FrameworkConfig } from './config.ts'
import { createContextMaker } from './context.ts'
import { faultFields } from './faults.ts'
import { createInFlight } from './in-flight.ts'
import { loadFunction } from './load-function.ts'
import { createLazyClient } from './output/dapr-client.ts'
import { createSidecar } from './output/sidecar.ts'

/** A function is left alone for this long before a process that stops closes its port: senders learn late that it goes. */
const quietMs = 300

/** Below the 30 s that Kubernetes waits before it kills. */
const drainLimitMs = 20_000

type Server = Pick<AppServer, 'listen' | 'close'>

/** Throws a ConfigurationError if there is no such function or the port is taken, a LoadError if the user's code fails. */
export async function startFramework(config: FrameworkConfig, log: Log): Promise<Running> {
  const { context, sidecar: address } = config
  const userFunction = await loadFunction(config.source, config.target)
  const client = createLazyClient(address, config.protocol === 'grpc' && address.grpcPort ? 'grpc' : 'http', log)
  const contextFor = createContextMaker(context, createSidecar(client), address)
  const inFlight = createInFlight()
  let isStopping = false

  const createServer = async (): Promise<Server> => {
    if (context.runtime === 'Async') {
      const run = createRunEvent(userFunction, contextFor, log)
      return createAsyncServer({ config, run, inFlight, isHealthy: () => !isStopping })
    }
    // Express is loaded for sync functions alone.
    const { createSyncServer } = await import('./sync-server.ts')
    const { signature, tls } = config
    return createSyncServer({ userFunction, signature, tls, contextFor, inFlight, log })
  }

  const server = await createServer()
  const port = await listen(server, config)
  log.info('serving', { function: context.name, runtime: context.runtime, port })
  if (context.prePlugins?.length || context.postPlugins?.length) log.warn('plugins of FUNC_CONTEXT are not run')
  // Loaded once the port is open, and not at the cost of the first event. It connects when the function first sends.
  if (maySend(config)) client.load().catch((error) => log.error('the Dapr client cannot be loaded', faultFields(error)))

  return {
    async stop() {
      isStopping = true
      await inFlight.quiet({ quietMs, limitMs: drainLimitMs })
      await server.close()
      await client.stop()
    },
  }
}

/** A function that takes `(req, res)`, or has nowhere to send to, never needs a client. */
function maySend({ signature, context }: FrameworkConfig): boolean {
  const targets = Object.keys({ ...context.outputs, ...context.states })
  return signature === 'openfunction' && targets.length > 0
}

async function listen(server: Server, { host, port, portField }: FrameworkConfig): Promise<number> {
  try {
    return await server.listen(port, host ?? '::').catch((error: unknown) => {
      // Where IPv6 is switched off, all addresses are those of IPv4.
      const isWithoutIpv6 = ['EAFNOSUPPORT', 'EADDRNOTAVAIL'].includes(codeOf(error) ?? '')
      if (host === undefined && isWithoutIpv6) return server.listen(port, '0.0.0.0')
      throw error
    })
  } catch (error) {
    const isAboutPort = ['EADDRINUSE', 'EACCES'].includes(codeOf(error) ?? '')
    if (isAboutPort) throw new ConfigurationError([listenProblem({ variable: portField, port }, error)])
    const message = `is ${host}, which cannot be listened on (${reason(error)}); give an address of this machine`
    throw new ConfigurationError([{ field: 'FUNCTION_HOST', message }])
  }
}

const codeOf = (error: unknown): string | undefined => (error as { code?: string }).code

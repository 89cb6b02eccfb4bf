// Holds the one client of the Dapr SDK: loaded and connected when it is first needed, and dropped when it is stuck.

import type { DaprClient } from '@dapr/dapr'
import { type Log, reason } from '../../shared/log.ts'
import type { SidecarAddress } from '../config.ts'

/** How long an event waits for a sidecar that is not there yet, in milliseconds. */
export const connectTimeoutMs = 5_000

// Without a bound, the calls over a connection whose other end vanished would hang until TCP gives up (15 minutes).
const callTimeoutMs = 60_000

// daprd is the judge of sizes (its --max-body-size); the SDK's own limit is 4.
const maxBodySizeMb = 64

export interface LazyClient {
  readonly protocol: 'grpc' | 'http'
  /** Loads the SDK, which takes 0.4 s of CPU time, without connecting. */
  load(): Promise<unknown>
  /** Rejects if no sidecar answers within 5 s, or the call not within 60 s; the next use starts afresh. */
  use<T>(call: (client: DaprClient) => Promise<T>): Promise<T>
  stop(): Promise<void>
}

export function createLazyClient(address: SidecarAddress, protocol: 'grpc' | 'http', log: Log): LazyClient {
  const load = () => import('@dapr/dapr')
  const port = protocol === 'grpc' ? (address.grpcPort ?? 50001) : address.httpPort
  let connection: Promise<DaprClient> | undefined

  const connect = async (): Promise<DaprClient> => {
    const { DaprClient, CommunicationProtocolEnum, LogLevel } = await load()
    const client = new DaprClient({
      daprHost: address.host.includes(':') ? `[${address.host}]` : address.host,
      daprPort: String(port),
      communicationProtocol: protocol === 'grpc' ? CommunicationProtocolEnum.GRPC : CommunicationProtocolEnum.HTTP,
      // An empty token keeps the SDK from looking for one in the environment by itself.
      daprApiToken: address.apiToken ?? '',
      maxBodySizeMb,
      // Never Debug: the SDK would log headers, and among them the token.
      logger: { level: LogLevel.Warn, service: sdkLogger(log) },
    })
    await client.start()
    return client
  }

  return {
    protocol,
    load,
    async use(call) {
      // Events that come while another one waits share its wait.
      connection ??= within(connectTimeoutMs, connect(), `no Dapr sidecar answered at ${address.host}:${port}`)
      const current = connection
      const drop = () => {
        if (connection === current) connection = undefined
      }
      const client = await current.catch((error: unknown) => {
        drop()
        throw error
      })
      try {
        return await within(callTimeoutMs, call(client), 'the Dapr sidecar did not answer')
      } catch (error) {
        if (error instanceof TimeoutError) drop()
        throw toError(error)
      }
    },
    async stop() {
      const client = await connection?.catch(() => undefined)
      await client?.stop()
    },
  }
}

class TimeoutError extends Error {}

async function within<T>(limitMs: number, work: Promise<T>, complaint: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TimeoutError(`${complaint} within ${limitMs / 1000} s`)), limitMs)
  })
  return Promise.race([work, timeout]).finally(() => clearTimeout(timer))
}

/** The SDK rejects with, or answers, an object that holds the error. */
export function toError(thrown: unknown): Error {
  const error = (thrown as { error?: unknown } | null | undefined)?.error ?? thrown
  return error instanceof Error ? error : new Error(String(error))
}

function sdkLogger(log: Log) {
  const write = (level: 'debug' | 'warn') => (message: unknown) =>
    log[level]('Dapr client', { reason: reason(message) })
  return { error: write('warn'), warn: write('warn'), info: write('debug'), verbose: write('debug'), debug() {} }
}

// The proxy's settings: environment in, one typed value out, every problem reported together.

import type { ReplicaAddress } from '../dapr/replica.ts'
import { defaultMaxEventBytes } from '../dapr/server.ts'
import { type Env, EnvReader } from '../shared/env.ts'
import { type FuncContext, parseFuncContext } from '../shared/func-context.ts'
import type { Level } from '../shared/log.ts'
import { type DiscoveryConfig, readDiscovery } from './discovery/settings.ts'
import { type Balance, balances } from './policy/policies.ts'

export interface ProxyConfig {
  /** `app`: in front of any Dapr app, whose answers daprd gets to its questions. Default `function`. */
  readonly mode: 'function' | 'app'
  /** The Function; absent in front of an app. */
  readonly context?: FuncContext
  readonly protocol: 'grpc' | 'http'
  /** Where daprd finds the app. Default: FUNC_CONTEXT.port (8080 in front of an app) on 127.0.0.1; 0 takes any free port. */
  readonly listen: ReplicaAddress
  /** Default 8081; 0 takes any free port. It listens on all addresses. */
  readonly adminPort: number
  readonly discovery: DiscoveryConfig
  /** Which replica gets an event. Default `least-loaded`. */
  readonly balance: Balance
  /** Events that may be at one replica at one time. Default: no limit. */
  readonly replicaConcurrency: number
  /** Events that may be at all replicas at one time; more of them wait. Default 1,000: with those that may wait, what daprd can have under way. */
  readonly maxInFlight: number
  /** Whether an event of a topic that comes again while it is at work waits for that answer. Default no. */
  readonly joinDuplicates: boolean
  /** Events that may wait for a replica at one time. Default 1,000. */
  readonly maxHeld: number
  /** Bytes of everything that is buffered. Default 32 MiB: with what the events themselves take, below 50 MiB of memory. */
  readonly maxHeldBytes: number
  /** Bytes of one event. Default 6 MiB. */
  readonly maxEventBytes: number
  /** What daprd has to show. Default: nothing. */
  readonly appToken?: string
  /** How long one event may wait for a replica. Default 30 s. */
  readonly holdTimeoutMs: number
  /** How long SIGTERM waits for daprd to close its connections. Default 75 s: the 70 s of daprd's own shutdown, and below the 80 s of the pod. */
  readonly drainTimeoutMs: number
  readonly logLevel: Level
}

const mebibyte = 1024 * 1024
const most = Number.MAX_SAFE_INTEGER

/** Throws a ConfigurationError with everything that is wrong. */
export function parseProxyConfig(env: Env): ProxyConfig {
  const read = new EnvReader(env)
  const mode = read.oneOf('PROXY_MODE', ['function', 'app'] as const, 'function')
  const context = mode === 'app' ? undefined : readContext(read)
  const port = Number(context?.port ?? 8080)
  const config = {
    mode,
    context,
    protocol: read.oneOf('APP_PROTOCOL', ['grpc', 'http'] as const, 'grpc'),
    listen: { host: read.text('PROXY_HOST') ?? '127.0.0.1', port: read.port('PROXY_PORT', port, 0) },
    adminPort: read.port('PROXY_ADMIN_PORT', 8081, 0),
    discovery: readDiscovery(read, context),
    balance: read.oneOf('PROXY_BALANCE', balances, 'least-loaded'),
    replicaConcurrency: read.integer('PROXY_REPLICA_CONCURRENCY', most, { min: 1, max: most }),
    maxInFlight: read.integer('PROXY_MAX_IN_FLIGHT', 1000, { min: 1, max: most }),
    joinDuplicates: read.oneOf('PROXY_JOIN_DUPLICATES', ['true', 'false'] as const, 'false') === 'true',
    maxHeld: read.integer('PROXY_MAX_HELD', 1000, { min: 0, max: most }),
    maxHeldBytes: read.integer('PROXY_MAX_HELD_BYTES', 32 * mebibyte, { min: 1, max: most }),
    maxEventBytes: read.integer('PROXY_MAX_EVENT_BYTES', defaultMaxEventBytes, { min: 1, max: most }),
    appToken: read.text('APP_API_TOKEN'),
    holdTimeoutMs: read.durationMs('PROXY_HOLD_TIMEOUT', 30_000),
    drainTimeoutMs: read.durationMs('PROXY_DRAIN_TIMEOUT', 75_000),
    logLevel: read.oneOf('LOG_LEVEL', ['debug', 'info', 'warn', 'error'] as const, 'info'),
  }
  if (config.listen.port !== 0 && config.listen.port === config.adminPort) {
    read.problem('PROXY_ADMIN_PORT', `is ${config.adminPort}, the port of the app; give another one, or set PROXY_PORT`)
  }
  read.finish()
  return config as ProxyConfig
}

function readContext(read: EnvReader): FuncContext | undefined {
  const result = parseFuncContext(read.text('FUNC_CONTEXT'))
  if ('context' in result) return result.context
  for (const { field, message } of result.problems) {
    read.problem(field === '' ? 'FUNC_CONTEXT' : `FUNC_CONTEXT.${field}`, message)
  }
  return undefined
}

// The proxy's settings: environment in, one typed value out, every problem reported together.

import type { ReplicaAddress } from '../dapr/replica.ts'
import { defaultMaxEventBytes } from '../dapr/server.ts'
import { type Env, EnvReader } from '../shared/env.ts'
import { type FuncContext, parseFuncContext } from '../shared/func-context.ts'
import type { Level } from '../shared/log.ts'
import { type DiscoveryConfig, readDiscovery } from './discovery/settings.ts'

export interface ProxyConfig {
  readonly context: FuncContext
  readonly protocol: 'grpc' | 'http'
  /** Where daprd finds the app. Default: FUNC_CONTEXT.port on 127.0.0.1; 0 takes any free port. */
  readonly listen: ReplicaAddress
  /** Default 8081; 0 takes any free port. It listens on all addresses. */
  readonly adminPort: number
  readonly discovery: DiscoveryConfig
  /** Events that may wait for a replica at one time. Default 1,000. */
  readonly maxHeld: number
  /** Bytes of everything that is buffered. Default 64 MiB. */
  readonly maxHeldBytes: number
  /** Bytes of one event. Default 6 MiB. */
  readonly maxEventBytes: number
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
  const context = readContext(read)
  const port = Number(context?.port ?? 8080)
  const config = {
    context,
    protocol: read.oneOf('APP_PROTOCOL', ['grpc', 'http'] as const, 'grpc'),
    listen: { host: read.text('PROXY_HOST') ?? '127.0.0.1', port: read.port('PROXY_PORT', port, 0) },
    adminPort: read.port('PROXY_ADMIN_PORT', 8081, 0),
    discovery: readDiscovery(read, context),
    maxHeld: read.integer('PROXY_MAX_HELD', 1000, { min: 0, max: most }),
    maxHeldBytes: read.integer('PROXY_MAX_HELD_BYTES', 64 * mebibyte, { min: 1, max: most }),
    maxEventBytes: read.integer('PROXY_MAX_EVENT_BYTES', defaultMaxEventBytes, { min: 1, max: most }),
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

// The proxy's settings: environment in, one typed value out, every problem reported together.

import type { AppToken } from '../dapr/app-token.ts'
import type { ReplicaAddress } from '../dapr/replica.ts'
import { defaultMaxEventBytes } from '../dapr/server.ts'
import type { ReplicaTls } from '../dapr/tls.ts'
import { appProtocols, isOverTls, withoutTls } from '../shared/app-protocol.ts'
import { type Env, EnvReader } from '../shared/env.ts'
import { type FuncContext, parseFuncContext } from '../shared/func-context.ts'
import type { Level } from '../shared/log.ts'
import { type KeyPair, noFiles, type ReadFile, readKeyPair, readPem } from '../shared/pem-files.ts'
import { type DiscoveryConfig, readDiscovery } from './discovery/settings.ts'
import { type Balance, balances } from './policy/policies.ts'

export interface ProxyConfig {
  /** `app`: in front of any Dapr app, whose answers daprd gets to its questions. Default `function`. */
  readonly mode: 'function' | 'app'
  /** The Function; absent in front of an app. */
  readonly context?: FuncContext
  readonly protocol: 'grpc' | 'http'
  /** How replicas are spoken to over TLS; absent for plain text. */
  readonly replicaTls?: ReplicaTls
  /** What daprd is spoken to with over TLS; absent for plain text, which is enough on loopback. */
  readonly tls?: KeyPair
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
  /** What daprd has to show, and whether the function sees it too. Default: nothing; it ends here. */
  readonly appToken?: AppToken
  /** How long one event may wait for a replica. Default 30 s. */
  readonly holdTimeoutMs: number
  /** How long SIGTERM waits for daprd to close its connections. Default 75 s: the 70 s of daprd's own shutdown, and below the 80 s of the pod. */
  readonly drainTimeoutMs: number
  readonly logLevel: Level
}

const mebibyte = 1024 * 1024
const most = Number.MAX_SAFE_INTEGER

/** Throws a ConfigurationError with everything that is wrong. */
export function parseProxyConfig(env: Env, readFile: ReadFile = noFiles): ProxyConfig {
  const read = new EnvReader(env)
  const mode = read.oneOf('PROXY_MODE', ['function', 'app'] as const, 'function')
  const context = mode === 'app' ? undefined : readContext(read)
  const port = Number(context?.port ?? 8080)
  const appProtocol = read.oneOf('APP_PROTOCOL', appProtocols, 'grpc')
  const discovery = readDiscovery(read, context)
  const config = {
    mode,
    context,
    protocol: withoutTls(appProtocol),
    replicaTls: readReplicaTls(read, { isOverTls: isOverTls(appProtocol), discovery, readFile }),
    tls: readKeyPair(read, 'PROXY_TLS', readFile),
    listen: { host: read.text('PROXY_HOST') ?? '127.0.0.1', port: read.port('PROXY_PORT', port, 0) },
    adminPort: read.port('PROXY_ADMIN_PORT', 8081, 0),
    discovery,
    balance: read.oneOf('PROXY_BALANCE', balances, 'least-loaded'),
    replicaConcurrency: read.integer('PROXY_REPLICA_CONCURRENCY', most, { min: 1, max: most }),
    maxInFlight: read.integer('PROXY_MAX_IN_FLIGHT', 1000, { min: 1, max: most }),
    joinDuplicates: read.oneOf('PROXY_JOIN_DUPLICATES', ['true', 'false'] as const, 'false') === 'true',
    maxHeld: read.integer('PROXY_MAX_HELD', 1000, { min: 0, max: most }),
    maxHeldBytes: read.integer('PROXY_MAX_HELD_BYTES', 32 * mebibyte, { min: 1, max: most }),
    maxEventBytes: read.integer('PROXY_MAX_EVENT_BYTES', defaultMaxEventBytes, { min: 1, max: most }),
    appToken: readAppToken(read),
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

interface About {
  readonly isOverTls: boolean
  readonly discovery: DiscoveryConfig | undefined
  readonly readFile: ReadFile
}

function readReplicaTls(read: EnvReader, { isOverTls, discovery, readFile }: About): ReplicaTls | undefined {
  const [caName, serverNameName] = ['PROXY_REPLICA_CA', 'PROXY_REPLICA_SERVER_NAME'] as const
  const ca = readPem(read, caName, { kind: 'CERTIFICATE', readFile })
  // Where nobody is verified, nobody is asked for by name either: daprd asks for none on loopback.
  const serverName = read.text(serverNameName) ?? (ca && serviceNameOf(discovery))
  if (isOverTls) return { ...(ca !== undefined && { ca }), ...(serverName !== undefined && { serverName }) }
  for (const name of [caName, serverNameName]) {
    if (read.text(name) !== undefined) read.problem(name, 'is about TLS; give APP_PROTOCOL grpcs or https with it')
  }
  return undefined
}

/** Replicas go by the name of their Service, where there is one: their own addresses are in no certificate. */
function serviceNameOf(discovery: DiscoveryConfig | undefined): string | undefined {
  switch (discovery?.kind) {
    case 'dns':
      return discovery.name.host
    case 'endpointslices':
      return discovery.fallback.host
    default:
      return undefined
  }
}

function readAppToken(read: EnvReader): AppToken | undefined {
  const text = read.text('APP_API_TOKEN')
  const goesOn = read.oneOf('PROXY_PASS_APP_TOKEN', ['true', 'false'] as const, 'false') === 'true'
  return text === undefined ? undefined : { text, goesOn }
}

function readContext(read: EnvReader): FuncContext | undefined {
  const result = parseFuncContext(read.text('FUNC_CONTEXT'))
  if ('context' in result) return result.context
  for (const { field, message } of result.problems) {
    read.problem(field === '' ? 'FUNC_CONTEXT' : `FUNC_CONTEXT.${field}`, message)
  }
  return undefined
}

// What the framework is told by its variables, read once and checked whole.

import { resolve } from 'node:path'
import { appProtocols, isOverTls, withoutTls } from '../shared/app-protocol.ts'
import { type Env, EnvReader } from '../shared/env.ts'
import { type FuncContext, parseFuncContext } from '../shared/func-context.ts'
import { type KeyPair, noFiles, type ReadFile, readKeyPair } from '../shared/pem-files.ts'

/** `http` is `(req, res)`, `openfunction` is `(ctx, data)`. An async function is always `openfunction`. */
export type Signature = 'http' | 'openfunction'

export interface SidecarAddress {
  readonly host: string
  readonly httpPort: number
  /** Absent if DAPR_GRPC_PORT is not set: then outputs go over HTTP. */
  readonly grpcPort?: number
  readonly apiToken?: string
}

export interface FrameworkConfig {
  /** Absolute path of a file or folder. */
  readonly source: string
  readonly target: string
  readonly context: FuncContext
  readonly signature: Signature
  /** How an async function is served and, if the sidecar's gRPC port is known, how outputs are sent. */
  readonly protocol: 'grpc' | 'http'
  /** With it the port speaks TLS. */
  readonly tls?: KeyPair
  readonly port: number
  /** Where the port came from, for messages. */
  readonly portField: 'PORT' | 'FUNC_CONTEXT.port'
  /** Absent for all addresses. */
  readonly host?: string
  readonly sidecar: SidecarAddress
}

// Stands in while the rest is checked, so that every problem is reported at once; never leaves this file.
const noContext: FuncContext = { name: '', version: '', runtime: 'Knative', port: '8080' }

/** Throws a ConfigurationError that lists every problem. `directory` is what a relative source refers to. */
export function parseConfig(env: Env, directory: string, readFile: ReadFile = noFiles): FrameworkConfig {
  const reader = new EnvReader(env)
  const context = readContext(reader)
  const fromVariable = reader.text('PORT') !== undefined
  const host = reader.text('FUNCTION_HOST')
  const appProtocol = reader.oneOf('APP_PROTOCOL', appProtocols, 'grpc')
  const tls = readTls(reader, isOverTls(appProtocol), readFile)
  const signature = reader.oneOf<Signature>('FUNCTION_SIGNATURE_TYPE', ['http', 'openfunction'], 'http')
  const config: FrameworkConfig = {
    source: resolve(directory, reader.text('FUNCTION_SOURCE') ?? '.'),
    target: reader.text('FUNCTION_TARGET') ?? 'function',
    context,
    signature: context.runtime === 'Async' ? 'openfunction' : signature,
    protocol: withoutTls(appProtocol),
    ...(tls && { tls }),
    port: reader.port('PORT', Number(context.port), 0),
    portField: fromVariable ? 'PORT' : 'FUNC_CONTEXT.port',
    ...(host !== undefined && { host }),
    sidecar: readSidecar(reader),
  }
  reader.finish()
  return config
}

/** Who is called over TLS has a certificate, and nobody else needs one. */
function readTls(reader: EnvReader, isOverTls: boolean, readFile: ReadFile): KeyPair | undefined {
  const names = ['APP_TLS_CERT', 'APP_TLS_KEY'] as const
  const given = names.filter((name) => reader.text(name) !== undefined)
  if (isOverTls && given.length === 0) {
    for (const name of names) reader.problem(name, 'is missing; APP_PROTOCOL wants TLS: give the file, or grpc or http')
  }
  if (!isOverTls) for (const name of given) reader.problem(name, 'is for TLS; give APP_PROTOCOL grpcs or https with it')
  return readKeyPair(reader, 'APP_TLS', readFile)
}

function readContext(reader: EnvReader): FuncContext {
  const result = parseFuncContext(reader.text('FUNC_CONTEXT'))
  if ('context' in result) return result.context
  for (const { field, message } of result.problems) {
    reader.problem(field === '' ? 'FUNC_CONTEXT' : `FUNC_CONTEXT.${field}`, message)
  }
  return noContext
}

function readSidecar(reader: EnvReader): SidecarAddress {
  const apiToken = reader.text('DAPR_API_TOKEN')
  const httpPort = reader.port('DAPR_HTTP_PORT', 3500)
  const grpcPort = reader.port('DAPR_GRPC_PORT', 50001)
  return {
    host: reader.text('DAPR_HOST') ?? '127.0.0.1',
    httpPort,
    ...(reader.text('DAPR_GRPC_PORT') !== undefined && { grpcPort }),
    ...(apiToken !== undefined && { apiToken }),
  }
}

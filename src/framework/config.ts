// What the framework is told by its variables, read once and checked whole.

import { resolve } from 'node:path'
import { type Env, EnvReader } from '../shared/env.ts'
import { type FuncContext, parseFuncContext } from '../shared/func-context.ts'

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
export function parseConfig(env: Env, directory: string): FrameworkConfig {
  const reader = new EnvReader(env)
  const context = readContext(reader)
  const fromVariable = reader.text('PORT') !== undefined
  const host = reader.text('FUNCTION_HOST')
  const signature = reader.oneOf<Signature>('FUNCTION_SIGNATURE_TYPE', ['http', 'openfunction'], 'http')
  const config: FrameworkConfig = {
    source: resolve(directory, reader.text('FUNCTION_SOURCE') ?? '.'),
    target: reader.text('FUNCTION_TARGET') ?? 'function',
    context,
    signature: context.runtime === 'Async' ? 'openfunction' : signature,
    protocol: reader.oneOf('APP_PROTOCOL', ['grpc', 'http'], 'grpc'),
    port: reader.port('PORT', Number(context.port), 0),
    portField: fromVariable ? 'PORT' : 'FUNC_CONTEXT.port',
    ...(host !== undefined && { host }),
    sidecar: readSidecar(reader),
  }
  reader.finish()
  return config
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

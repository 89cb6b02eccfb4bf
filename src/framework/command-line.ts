// The command line of `dapr-function`: each flag is another way to set a variable.

import { parseArgs } from 'node:util'
import type { Env } from '../shared/env.ts'
import { reason } from '../shared/log.ts'

export type CommandLine =
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly message: string }
  /** Variables, overridden by the flags that were given. */
  | { readonly kind: 'run'; readonly env: Env }

export const helpText = `Runs a function: dapr-function --source ./fn.js --target handler

  --source PATH            a file, or a folder with package.json, index.js or function.js   FUNCTION_SOURCE (.)
  --target NAME            the export to run                                                FUNCTION_TARGET (function)
  --signature-type TYPE    http: (req, res), openfunction: (ctx, data); for sync functions  FUNCTION_SIGNATURE_TYPE (http)
  --port PORT              0 takes any free port               PORT (FUNC_CONTEXT.port, else 8080)
  --help

Variables without a flag: FUNC_CONTEXT (required), APP_PROTOCOL (grpc; http; over TLS grpcs or https, with the files of a
certificate and its key in APP_TLS_CERT and APP_TLS_KEY), FUNCTION_HOST (all addresses),
DAPR_HOST (127.0.0.1), DAPR_HTTP_PORT (3500), DAPR_GRPC_PORT (without it outputs go over HTTP), DAPR_API_TOKEN.
Exit codes: 0 stopped in order, 1 the function cannot be loaded or crashed, 2 wrong command line, 64 wrong configuration.
`

const variableOf = {
  source: 'FUNCTION_SOURCE',
  target: 'FUNCTION_TARGET',
  'signature-type': 'FUNCTION_SIGNATURE_TYPE',
  port: 'PORT',
} as const

const options = {
  source: { type: 'string' },
  target: { type: 'string' },
  'signature-type': { type: 'string' },
  port: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const

export function parseCommandLine(args: readonly string[], env: Env): CommandLine {
  try {
    const { values } = parseArgs({ args: [...args], options, strict: true, allowPositionals: false })
    if (values.help) return { kind: 'help' }
    const flags = Object.entries(variableOf).map(([flag, name]) => [name, values[flag as keyof typeof variableOf]])
    return { kind: 'run', env: { ...env, ...Object.fromEntries(flags.filter(([, value]) => value !== undefined)) } }
  } catch (error) {
    return { kind: 'wrong', message: `${reason(error)}\nTry dapr-function --help.\n` }
  }
}

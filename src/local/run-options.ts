// The command line of `dapr-proxy run`.

import { parseArgs } from 'node:util'
import { parseDurationMs } from '../shared/env.ts'
import { reason } from '../shared/log.ts'

export interface RunOptions {
  readonly files: readonly string[]
  /** Undefined: what each Function says, else 1. */
  readonly replicas?: number
  /** Undefined: until a signal comes. */
  readonly forMs?: number
  /** Events a second into each input that is not cron. Default 0. */
  readonly rate: number
  /** `path#target` by the name of a Function. */
  readonly sources: ReadonlyMap<string, string>
  /** The daprd to run in place of the embedded sidecar. */
  readonly daprd?: string
}

export type CommandLine =
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly message: string }
  | { readonly kind: 'run'; readonly options: RunOptions }

export const runHelp = `Runs Functions on this machine, with the processes and settings that a cluster would give them.

  dapr-proxy run FILE... [options]

  FILE                         YAML with one or more Functions
  --replicas N                 replicas of each function (default: its scaleOptions.minReplicas, else 1)
  --for 10s                    stop after that time (default: on Ctrl-C)
  --rate N                     publish N events a second into each input that is not cron (default 0)
  --source NAME=./fn.js#target the code of Function NAME (default: its annotation dapr-proxy/source, relative to its file)
  --daprd[=PATH]               a real daprd for each Function instead of the embedded sidecar; also by DAPRD=PATH.
                               The brokers of the Functions' components must be there; --rate then feeds topics
                               alone, and lost counts what reached the proxy and was not acknowledged.
  --help

What a Function has from a Secret is taken from your shell, under the name of the variable: APP_API_TOKEN for function, proxy and sidecar.
The embedded sidecar tries an event up to 10 times within about 26 s. At the end it says for each protocol what was
delivered and what was lost: published - acknowledged - dropped by the function.
Exit codes: 0 nothing lost, 1 an event was lost or something did not start, 2 wrong use of the command.
`

const flags = {
  replicas: { type: 'string' },
  for: { type: 'string' },
  rate: { type: 'string' },
  source: { type: 'string', multiple: true },
  daprd: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const

/** `daprd` is the variable DAPRD: the same as the flag, which wins. */
export function parseRunOptions(args: readonly string[], daprd: string | undefined): CommandLine {
  try {
    // A flag with an optional value is unknown to parseArgs.
    const normal = args.map((arg) => (arg === '--daprd' ? '--daprd=' : arg))
    const { values, positionals } = parseArgs({ args: normal, options: flags, allowPositionals: true })
    if (values.help) return { kind: 'help' }
    if (positionals.length === 0) return wrong('no file is given; name at least one YAML file with a Function')
    const replicas = values.replicas === undefined ? undefined : wholeNumber('--replicas', values.replicas, 1, 100)
    const forMs = values.for === undefined ? undefined : duration(values.for)
    const program = values.daprd ?? daprd
    return {
      kind: 'run',
      options: {
        files: positionals,
        ...(replicas !== undefined && { replicas }),
        ...(forMs !== undefined && { forMs }),
        rate: wholeNumber('--rate', values.rate ?? '0', 0, 10_000),
        sources: new Map((values.source ?? []).map(namedSource)),
        ...(program !== undefined && { daprd: program || 'daprd' }),
      },
    }
  } catch (error) {
    return wrong(reason(error))
  }
}

const wrong = (message: string): CommandLine => ({
  kind: 'wrong',
  message: `dapr-proxy run: ${message}\nTry dapr-proxy run --help.\n`,
})

function wholeNumber(flag: string, text: string, min: number, max: number): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= min && value <= max) return value
  throw new Error(`${flag} is "${text}"; give a whole number from ${min} to ${max}`)
}

function duration(text: string): number {
  const value = parseDurationMs(text)
  if (value !== undefined && value > 0) return value
  throw new Error(`--for is "${text}"; give a duration such as 10s or 5m`)
}

function namedSource(text: string): [string, string] {
  const at = text.indexOf('=')
  if (at > 0 && at < text.length - 1) return [text.slice(0, at), text.slice(at + 1)]
  throw new Error(`--source is "${text}"; give NAME=./fn.js#target`)
}

#!/usr/bin/env node
// The command `dapr-proxy`: hands the process in, picks the subcommand and ends with its exit code.

import { ConfigurationError, exitWrongConfiguration } from '../shared/env.ts'
import { reason } from '../shared/log.ts'
import type { Edge } from './edge.ts'

type Command = (argv: readonly string[], edge: Edge) => Promise<number>

// Loaded on use: `render` needs nothing of what `run` brings.
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  run: async () => (await import('./run.ts')).runCommand,
  render: async () => (await import('./render.ts')).renderCommand,
  validate: async () => (await import('./validate.ts')).validateCommand,
}

const usage = `usage: dapr-proxy COMMAND [--help]

  run FILE…        run Functions on this machine
  render FILE…     print what Functions become in a cluster
  validate FILE…   check Functions
`

const { env, execPath, stdout, stderr } = process
const edge: Edge = { env, execPath, cwd: process.cwd(), stdout, stderr, on: process.on.bind(process) }
// Whoever reads has seen enough, as in `render … | head`.
stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))

const [name = '', ...argv] = process.argv.slice(2)
const isHelp = name === '--help' || name === '-h'

if (Object.hasOwn(commands, name)) {
  try {
    process.exitCode = await (await commands[name]?.())?.(argv, edge)
  } catch (error) {
    stderr.write(`${reason(error)}\n`)
    process.exitCode = error instanceof ConfigurationError ? exitWrongConfiguration : 1
  }
} else {
  if (isHelp) stdout.write(usage)
  else stderr.write(`${name === '' ? 'no command is given' : `"${name}" is no command`}\n\n${usage}`)
  process.exitCode = isHelp ? 0 : 2
}

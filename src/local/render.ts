// `dapr-proxy render`: the children of Functions as YAML, exactly as the webhook returns them where all kinds are declared.

import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { stringify } from 'yaml'
import { readSettings } from '../controller/config.ts'
import type { Settings } from '../controller/settings.ts'
import { reason } from '../shared/log.ts'
import type { Edge } from './edge.ts'
import { loadFunctions, problemLine, renderChildren } from './function-files.ts'

const usage = `usage: dapr-proxy render FILE…

Prints what each Function in the files becomes, as YAML documents. Nothing is sent anywhere.

  -h, --help          this text

  CONTROLLER_CONFIG   file of platform settings, as the controller reads it
  PROXY_IMAGE         image of the proxy (default dapr-proxy:0.1.0)
  CLUSTER_DOMAIN      domain of the cluster's Services (default cluster.local)

exit codes: 0 rendered, 1 a file is wrong, 2 wrong use, 64 wrong variable
`

/** Prints nothing but problems if any file is wrong. Throws a ConfigurationError for a wrong variable. */
export async function renderCommand(argv: readonly string[], edge: Edge): Promise<number> {
  const files = filesOf(argv, usage, edge)
  if (typeof files === 'number') return files
  const settings = settingsOf(edge)
  const { functions, problems, notes } = await loadFunctions(files, edge.cwd, settings)
  for (const note of notes) edge.stderr.write(`${note}\n`)
  for (const problem of problems) edge.stderr.write(`${problemLine(problem)}\n`)
  if (problems.length > 0) return 1
  const children = functions.flatMap(({ fn }) => renderChildren(fn, settings))
  // No folding and no aliases: a line of the output is a line of the object.
  const documents = children.map((child) => stringify(child, { lineWidth: 0, aliasDuplicateObjects: false }))
  edge.stdout.write(documents.join('---\n'))
  return 0
}

/** The platform's settings. Throws a ConfigurationError for a wrong one. */
export const settingsOf = ({ env, cwd }: Edge): Settings =>
  readSettings(env, (path) => readFileSync(resolve(cwd, path), 'utf8'))

/** The FILE arguments of a command that takes nothing else, or its exit code. */
export function filesOf(argv: readonly string[], usage: string, edge: Edge): string[] | number {
  try {
    const options = { help: { type: 'boolean', short: 'h' } } as const
    const { values, positionals } = parseArgs({ args: [...argv], options, allowPositionals: true })
    if (values.help) {
      edge.stdout.write(usage)
      return 0
    }
    if (positionals.length > 0) return positionals
    edge.stderr.write(`no FILE is given\n\n${usage}`)
  } catch (error) {
    edge.stderr.write(`${reason(error)}\n\n${usage}`)
  }
  return 2
}

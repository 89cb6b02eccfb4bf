// `dapr-proxy render`: the children of Functions as YAML, exactly as the webhook returns them where all kinds are declared.

import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type ParseArgsConfig, parseArgs } from 'node:util'
import { parseAllDocuments, stringify } from 'yaml'
import { readSettings } from '../controller/config.ts'
import { explain } from '../controller/explain.ts'
import type { Settings } from '../controller/settings.ts'
import type { KubeObject } from '../shared/k8s.ts'
import { reason } from '../shared/log.ts'
import type { Edge } from './edge.ts'
import { type LoadedFunction, loadFunctions, problemLine, renderChildren } from './function-files.ts'
import { diff } from './render-diff.ts'

const usage = `usage: dapr-proxy render [--as yaml|json] [--explain | --diff OTHER] FILE…

Prints what each Function in the files becomes once all is settled, as YAML documents. Nothing is sent anywhere.

  --as FORMAT         yaml (default), or json: one List
  --explain           one line for each child instead: why it is there
  --diff OTHER        what differs from OTHER instead: a file of Functions, or a recorded state of a cluster
                      (kubectl get deployments,services,… -o yaml), of which only the fields that we set are compared
  -h, --help          this text

  CONTROLLER_CONFIG   file of platform settings, as the controller reads it
  PROXY_IMAGE         image of the proxy (default dapr-proxy:0.1.0)
  CLUSTER_DOMAIN      domain of the cluster's Services (default cluster.local)

exit codes: 0 rendered, 1 a file is wrong, 2 wrong use, 64 wrong variable
`

const options = {
  as: { type: 'string' },
  explain: { type: 'boolean' },
  diff: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const

/** Prints nothing but problems if any file is wrong. Throws a ConfigurationError for a wrong variable. */
export async function renderCommand(argv: readonly string[], edge: Edge): Promise<number> {
  const call = callOf(argv, options, usage, edge)
  if (typeof call === 'number') return call
  const { as = 'yaml', explain: isExplained, diff: other } = call.values
  if (as !== 'yaml' && as !== 'json') return wrongUse(`--as is "${as}"; give yaml or json`, usage, edge)
  if (isExplained && other !== undefined) return wrongUse('give --explain or --diff, not both', usage, edge)
  const settings = settingsOf(edge)
  const functions = await load(call.files, settings, edge)
  if (functions === undefined) return 1
  const children = functions.flatMap(({ fn }) => renderChildren(fn, settings))
  if (other !== undefined) return printDiff(other, children, settings, edge)
  edge.stdout.write(isExplained ? explained(functions, settings) : written(children, as))
  return 0
}

async function load(
  files: readonly string[],
  settings: Settings,
  edge: Edge,
): Promise<readonly LoadedFunction[] | undefined> {
  const { functions, problems, notes } = await loadFunctions(files, edge.cwd, settings)
  for (const note of notes) edge.stderr.write(`${note}\n`)
  for (const problem of problems) edge.stderr.write(`${problemLine(problem)}\n`)
  return problems.length > 0 ? undefined : functions
}

function written(children: readonly KubeObject[], as: 'yaml' | 'json'): string {
  if (as === 'json') return `${JSON.stringify({ apiVersion: 'v1', kind: 'List', items: children }, null, 2)}\n`
  // No folding and no aliases: a line of the output is a line of the object.
  return children.map((child) => stringify(child, { lineWidth: 0, aliasDuplicateObjects: false })).join('---\n')
}

const explained = (functions: readonly LoadedFunction[], settings: Settings): string =>
  functions
    .flatMap(({ fn }) => renderChildren(fn, settings).map((child) => [fn, child] as const))
    .map(([fn, child]) => `${child.kind} ${child.metadata.name}: ${explain(fn, child)}\n`)
    .join('')

async function printDiff(
  other: string,
  children: readonly KubeObject[],
  settings: Settings,
  edge: Edge,
): Promise<number> {
  const recorded = await recordedObjects(other, edge)
  if (recorded === undefined) return 1
  const isState = recorded.every(({ kind }) => kind !== 'Function')
  const functions = isState ? [] : await load([other], settings, edge)
  if (functions === undefined) return 1
  const before = isState ? recorded : functions.flatMap(({ fn }) => renderChildren(fn, settings))
  const lines = diff(before, children, isState ? 'ours' : 'all')
  edge.stdout.write(lines.map((line) => `${line}\n`).join(''))
  return 0
}

/** The objects of a file of YAML documents or Lists, or undefined once it is said why there are none. */
async function recordedObjects(file: string, edge: Edge): Promise<KubeObject[] | undefined> {
  try {
    const documents = parseAllDocuments(await readFile(resolve(edge.cwd, file), 'utf8'))
    const objects = documents.map((document) => document.toJS() as (KubeObject & { items?: KubeObject[] }) | null)
    return objects.flatMap((object) => object?.items ?? object ?? []).filter(({ metadata }) => metadata !== undefined)
  } catch (error) {
    edge.stderr.write(`${file}:1: cannot be read: ${reason(error)}\n`)
    return undefined
  }
}

/** The platform's settings. Throws a ConfigurationError for a wrong one. */
export const settingsOf = ({ env, cwd }: Edge): Settings =>
  readSettings(env, (path) => readFileSync(resolve(cwd, path), 'utf8'))

/** The FILE arguments and options of a command, or its exit code. */
export function callOf<T extends NonNullable<ParseArgsConfig['options']>>(
  argv: readonly string[],
  accepted: T,
  usage: string,
  edge: Edge,
) {
  try {
    const { values, positionals: files } = parseArgs({ args: [...argv], options: accepted, allowPositionals: true })
    if ((values as { help?: boolean }).help) {
      edge.stdout.write(usage)
      return 0
    }
    return files.length > 0 ? { values, files } : wrongUse('no FILE is given', usage, edge)
  } catch (error) {
    return wrongUse(reason(error), usage, edge)
  }
}

function wrongUse(message: string, usage: string, edge: Edge): number {
  edge.stderr.write(`${message}\n\n${usage}`)
  return 2
}

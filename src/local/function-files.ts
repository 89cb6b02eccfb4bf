// Functions out of YAML files, checked as the webhook checks them, with the line of each problem.

import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type Document, LineCounter, parseAllDocuments } from 'yaml'
import { acceptFunction, type Yardstick } from '../controller/accept.ts'
import { annotation } from '../controller/annotations.ts'
import { type Fn, type FunctionObject, functionApiVersion } from '../controller/function.ts'
import { compileShape } from '../controller/rules/schema.ts'
import type { Settings } from '../controller/settings.ts'
import type { Problem } from '../shared/func-context.ts'
import type { KubeObject } from '../shared/k8s.ts'
import { reason } from '../shared/log.ts'
import { fieldLine } from './field-line.ts'

export { renderChildren } from '../controller/render.ts'

export interface LoadedFunction {
  /** The file as it was named on the command line. */
  readonly file: string
  readonly fn: Fn
  readonly object: FunctionObject
  /** The annotation `dapr-proxy/source`: `./fn.js#target`, relative to the file. */
  readonly source: string | undefined
}

export interface FileProblem extends Problem {
  readonly file: string
  readonly line: number
}

export interface LoadedFiles {
  readonly functions: readonly LoadedFunction[]
  readonly problems: readonly FileProblem[]
  /** What was passed over, one sentence each. */
  readonly notes: readonly string[]
}

/** `file:line: field: what and how to mend` */
export const problemLine = ({ file, line, field, message }: FileProblem): string =>
  `${file}:${line}: ${field === '' ? '' : `${field}: `}${message}`

interface Contents {
  readonly functions: LoadedFunction[]
  readonly problems: FileProblem[]
  readonly notes: string[]
}

/** Reads every document of every file. Relative paths start at `cwd`; never rejects because of what a file holds. */
export async function loadFunctions(files: readonly string[], cwd: string, settings: Settings): Promise<LoadedFiles> {
  const yardstick = { settings, checkShape: compileShape(await readFile(definition, 'utf8'), 'refuse') }
  const contents: Contents = { functions: [], problems: [], notes: [] }
  for (const file of files) {
    try {
      readDocuments(file, await readFile(resolve(cwd, file), 'utf8'), yardstick, contents)
    } catch (error) {
      contents.problems.push({ file, line: 1, field: '', message: `cannot be read: ${reason(error)}` })
    }
  }
  return contents
}

// The same place from src/ and from dist/.
const definition = new URL('../../metacontroller/crd/functions.yaml', import.meta.url)

function readDocuments(file: string, text: string, yardstick: Yardstick, contents: Contents): void {
  const lines = new LineCounter()
  const documents = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false }) as Document[]
  for (const document of documents) {
    const [error] = document.errors
    if (error) {
      const line = lines.linePos(error.pos[0]).line || 1
      contents.problems.push({ file, line, field: '', message: `is not YAML: ${error.message}` })
    } else {
      const line = (field: string) => fieldLine(document, field, lines)
      readObject(file, document.toJS(), { yardstick, contents, line })
    }
  }
}

interface Reading {
  readonly yardstick: Yardstick
  readonly contents: Contents
  readonly line: (field: string) => number
}

function readObject(file: string, json: unknown, { yardstick, contents, line }: Reading): void {
  const report = ({ field, message }: Problem) => contents.problems.push({ file, line: line(field), field, message })
  const object = json as Partial<KubeObject> | null
  if (object === null) return
  if (!isFunction(object)) {
    const name = `${object.kind ?? 'a document'} ${object.metadata?.name ?? ''}`.trim()
    contents.notes.push(`${file}:${line('kind')}: passed over ${name}, which is no Function of core.openfunction.io`)
    return
  }
  if (object.apiVersion !== functionApiVersion) {
    report({
      field: 'apiVersion',
      message: `is ${object.apiVersion}, which is not served; write ${functionApiVersion}`,
    })
    return
  }
  if (typeof object.metadata?.name !== 'string') {
    report({ field: 'metadata.name', message: 'is missing; give the Function a name' })
    return
  }
  const verdict = acceptFunction(object, yardstick)
  if (verdict.kind === 'rejected') {
    verdict.problems.forEach(report)
    return
  }
  const { fn, object: accepted } = verdict
  const twin = contents.functions.find((each) => each.fn.name === fn.name && each.fn.namespace === fn.namespace)
  if (twin) report({ field: 'metadata.name', message: `is also the name of a Function in ${twin.file}; rename one` })
  else contents.functions.push({ file, fn, object: accepted, source: fn.annotations[annotation.source] })
}

const isFunction = (object: Partial<KubeObject>): object is KubeObject =>
  object.kind === 'Function' && String(object.apiVersion).startsWith('core.openfunction.io/')

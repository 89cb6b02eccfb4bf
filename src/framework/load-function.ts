// Finds the user's function in a CommonJS or ES module.

import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ConfigurationError } from '../shared/env.ts'

export type UserFunction = (...args: readonly unknown[]) => unknown

/** The user's code failed while it was loaded. */
export class LoadError extends Error {
  constructor(file: string, cause: unknown) {
    // The stack is what tells the author the line; a SyntaxError has it nowhere else.
    super(`${file} cannot be loaded:\n${cause instanceof Error ? cause.stack : String(cause)}`)
    this.name = 'LoadError'
  }
}

/**
 * Loads `target` (which may be dotted: `api.handler`) from a file or folder. A default export, or a function that is
 * the whole of `module.exports`, answers to `function`, to `default` and to its own name.
 * Throws a ConfigurationError if there is no such file or export, a LoadError if the code itself fails.
 */
export async function loadFunction(source: string, target: string): Promise<UserFunction> {
  const file = resolveModule(source)
  let module: Exports
  try {
    module = await import(pathToFileURL(file).href)
  } catch (error) {
    throw new LoadError(file, error)
  }
  const found = findFunction(module, target)
  if (found !== undefined) return found
  const message = `is "${target}", which ${file} does not export as a function; ${exportList(module)}`
  throw new ConfigurationError([{ field: 'FUNCTION_TARGET', message }])
}

type Exports = Readonly<Record<string, unknown>>

function resolveModule(source: string): string {
  const { resolve } = createRequire(import.meta.url)
  // A folder counts by its package.json, then by its usual file names, as OpenFunction's Node framework has it.
  for (const candidate of [source, ...['function.js', 'index.mjs', 'function.mjs'].map((name) => join(source, name))]) {
    try {
      return resolve(candidate)
    } catch {}
  }
  const message = `is ${source}, where there is no module; give a file such as ./fn.js, or a folder with one`
  throw new ConfigurationError([{ field: 'FUNCTION_SOURCE', message }])
}

function findFunction(module: Exports, target: string): UserFunction | undefined {
  const whole = module.default
  const named = follow(module, target) ?? follow(whole, target)
  if (named !== undefined) return named
  const isWhole = typeof whole === 'function' && ['function', 'default', whole.name].includes(target)
  return isWhole ? (whole as UserFunction) : undefined
}

function follow(start: unknown, path: string): UserFunction | undefined {
  let value = start
  for (const name of path.split('.')) {
    // Own properties alone: a function inherits `call`, an object `toString`.
    const isContainer = (typeof value === 'object' && value !== null) || typeof value === 'function'
    if (!isContainer || !Object.hasOwn(value as object, name)) return undefined
    value = (value as Exports)[name]
  }
  return typeof value === 'function' ? (value as UserFunction) : undefined
}

function exportList(module: Exports): string {
  const whole = module.default
  const names = new Set(Object.keys(module))
  if (typeof whole === 'object' && whole !== null) for (const name of Object.keys(whole)) names.add(name)
  // Node adds these to the names of a CommonJS module.
  names.delete('module.exports')
  names.delete('__esModule')
  if (typeof whole !== 'function') names.delete('default')
  return names.size === 0 ? 'it exports nothing' : `it exports ${[...names].sort().join(', ')}`
}

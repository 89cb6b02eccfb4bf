// Plugins and tracing of a Function: two annotations that hold YAML, as OpenFunction's users write them.

import { parse } from 'yaml'
import type { FuncContext, Problem } from '../shared/func-context.ts'
import type { TextMap } from '../shared/k8s.ts'
import { annotation } from './annotations.ts'

type Plugins = Pick<FuncContext, 'prePlugins' | 'postPlugins' | 'pluginsTracing'>

/** What FUNC_CONTEXT says of plugins, and what is wrong with the two annotations. */
export function readPlugins(annotations: TextMap): { plugins: Plugins; problems: readonly Problem[] } {
  const problems: Problem[] = []
  const { order, pre, post } = readYaml(annotations, annotation.plugins, problems)
  const tracing = readYaml(annotations, annotation.tracing, problems)
  const lists = { order, pre, post }
  for (const [key, value] of Object.entries(lists)) {
    if (value !== undefined && !isTexts(value)) {
      problems.push({ field: field(annotation.plugins), message: `has a ${key} that is no list of plugin names` })
    }
  }
  const provider = isObject(tracing.provider) ? tracing.provider.name : undefined
  if (tracing.enabled === true && typeof provider !== 'string') {
    problems.push({ field: field(annotation.tracing), message: 'is enabled without provider.name; name the provider' })
  }
  // OpenFunction: `order` means pre in that order and post in reverse; pre and post win; tracing wraps all others.
  const tracer = tracing.enabled === true && typeof provider === 'string' ? [provider] : []
  const ordered = isTexts(order) ? order : []
  const prePlugins = [...(isTexts(pre) ? pre : ordered), ...tracer]
  const postPlugins = [...tracer, ...(isTexts(post) ? post : ordered.toReversed())]
  return {
    plugins: {
      ...(prePlugins.length > 0 && { prePlugins }),
      ...(postPlugins.length > 0 && { postPlugins }),
      ...(Object.keys(tracing).length > 0 && { pluginsTracing: readable(tracing) }),
    },
    problems,
  }
}

/** OpenFunction's Go framework reads every value but `enabled` as text, and does not start on a number. */
function readable({ enabled, ...rest }: Record<string, unknown>): Record<string, unknown> {
  return { ...(enabled !== undefined && { enabled }), ...(asTexts(rest) as Record<string, unknown>) }
}

function asTexts(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asTexts)
  if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, asTexts(each)]))
  return value === null ? '' : String(value)
}

/** The same as FUNC_CONTEXT_V1BETA2 says it: hooks without the tracer, which stands by itself. */
export function readHooks(annotations: TextMap): { preHooks?: string[]; postHooks?: string[]; tracing?: object } {
  const { order, pre, post } = readYaml(annotations, annotation.plugins, [])
  const ordered = isTexts(order) ? order : []
  const preHooks = isTexts(pre) ? pre : ordered
  const postHooks = isTexts(post) ? post : ordered.toReversed()
  const tracing = readYaml(annotations, annotation.tracing, [])
  return {
    ...(preHooks.length > 0 && { preHooks }),
    ...(postHooks.length > 0 && { postHooks }),
    ...(Object.keys(tracing).length > 0 && { tracing: readable(tracing) }),
  }
}

const field = (name: string): string => `metadata.annotations[${name}]`

function readYaml(annotations: TextMap, name: string, problems: Problem[]): Record<string, unknown> {
  const text = Object.hasOwn(annotations, name) ? annotations[name] : undefined
  if (text === undefined || text.trim() === '') return {}
  const value = parseYaml(text)
  if (isObject(value)) return value
  problems.push({ field: field(name), message: 'is not a YAML map; see the plugins of OpenFunction' })
  return {}
}

/** To read YAML costs more than all the rest of a sync, so what short texts mean is remembered: at most so many, of so many characters. */
const maxRemembered = 1000
const maxCharacters = 2000
const remembered = new Map<string, unknown>()

/** What a text means follows from it alone. */
function parseYaml(text: string): unknown {
  if (remembered.has(text)) return remembered.get(text)
  const value = plainData(text)
  if (text.length > maxCharacters) return value
  // A Map keeps the order of insertion.
  if (remembered.size === maxRemembered) remembered.delete(remembered.keys().next().value ?? '')
  remembered.set(text, value)
  return value
}

/** Undefined for text that is not YAML. JSON and back, so that nothing but plain data reaches FUNC_CONTEXT. */
function plainData(text: string): unknown {
  try {
    const json = JSON.stringify(parse(text, { logLevel: 'error', maxAliasCount: 10 }))
    return json === undefined ? undefined : JSON.parse(json)
  } catch {
    return undefined
  }
}

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string')

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

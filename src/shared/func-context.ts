// FUNC_CONTEXT: the one contract that controller, proxy and framework share.

/** What went wrong in a piece of input, and where. `field` is a path such as `inputs.orders.uri`. */
export interface Problem {
  readonly field: string
  readonly message: string
}

/** An input or output of a Function, as OpenFunction's operator and frameworks write and read it. */
export interface ContextComponent {
  /** The topic of a pub/sub component; the user's own component name for a binding. */
  readonly uri?: string
  /** Name of the Dapr Component in the cluster. */
  readonly componentName: string
  /** Type of the component. Its first dotted part, `pubsub` or `bindings`, decides how it is used. */
  readonly componentType: string
  readonly metadata?: Readonly<Record<string, string>>
  /** Outputs of a binding only, such as `create`. */
  readonly operation?: string
}

export interface ContextState {
  readonly componentName: string
  readonly componentType: string
}

/**
 * The v1beta1 shape of FUNC_CONTEXT (OpenFunction pkg/core/serving/common/functioncontext.go).
 * `port` is a string and `runtime` is in title case because OpenFunction's Go framework reads nothing else.
 */
export interface FuncContext {
  readonly name: string
  readonly version: string
  readonly requestID?: string
  readonly runtime: 'Async' | 'Knative'
  readonly port: string
  readonly inputs?: Readonly<Record<string, ContextComponent>>
  readonly outputs?: Readonly<Record<string, ContextComponent>>
  readonly states?: Readonly<Record<string, ContextState>>
  readonly prePlugins?: readonly string[]
  readonly postPlugins?: readonly string[]
  readonly pluginsTracing?: Readonly<Record<string, unknown>>
}

export type FuncContextResult = { readonly context: FuncContext } | { readonly problems: readonly Problem[] }

export const isTopic = (component: ContextComponent): boolean => component.componentType.split('.')[0] === 'pubsub'

const keyOrder = [
  'name',
  'version',
  'requestID',
  'runtime',
  'port',
  'inputs',
  'outputs',
  'states',
  'prePlugins',
  'postPlugins',
  'pluginsTracing',
] as const satisfies readonly (keyof FuncContext)[]

/** One text for one context, whatever order its keys were set in: a child that differs in bytes is written again. */
export function serializeFuncContext(context: FuncContext): string {
  const ordered: Record<string, unknown> = {}
  for (const key of keyOrder) {
    if (context[key] !== undefined) ordered[key] = sortKeys(context[key])
  }
  return JSON.stringify(ordered)
}

/** Parses FUNC_CONTEXT and reports every problem at once. Keys that it does not know are ignored, as the frameworks do. */
export function parseFuncContext(text: string | undefined): FuncContextResult {
  if (text === undefined || text.trim() === '') {
    return { problems: [{ field: '', message: 'is not set; give the JSON object that describes the Function' }] }
  }
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    return { problems: [{ field: '', message: `is not JSON (${(error as Error).message})` }] }
  }
  if (!isObject(json)) return { problems: [{ field: '', message: 'must be a JSON object' }] }
  const problems: Problem[] = []
  const context = new Reader(json, '', problems).context()
  return problems.length > 0 ? { problems } : { context }
}

class Reader {
  readonly #json: Record<string, unknown>
  readonly #path: string
  readonly #problems: Problem[]

  constructor(json: Record<string, unknown>, path: string, problems: Problem[]) {
    this.#json = json
    this.#path = path
    this.#problems = problems
  }

  context(): FuncContext {
    const requestID = this.text('requestID')
    const prePlugins = this.texts('prePlugins')
    const postPlugins = this.texts('postPlugins')
    const inputs = this.map('inputs', (entry) => entry.component())
    const outputs = this.map('outputs', (entry) => entry.component())
    const states = this.map('states', (entry) => ({
      componentName: entry.requiredText('componentName'),
      componentType: entry.text('componentType') ?? '',
    }))
    const tracing = this.#json.pluginsTracing
    return {
      name: this.requiredText('name'),
      version: this.text('version') ?? '',
      ...(requestID !== undefined && { requestID }),
      runtime: this.runtime(),
      port: this.port(),
      ...(inputs && { inputs }),
      ...(outputs && { outputs }),
      ...(states && { states }),
      ...(prePlugins && { prePlugins }),
      ...(postPlugins && { postPlugins }),
      ...(isObject(tracing) && { pluginsTracing: tracing }),
    }
  }

  component(): ContextComponent {
    const componentType = this.requiredText('componentType')
    const componentName = this.requiredText('componentName')
    const family = componentType.split('.')[0]
    if (componentType !== '' && family !== 'pubsub' && family !== 'bindings') {
      this.problem('componentType', `is "${componentType}"; it must begin with "pubsub" or "bindings"`)
    }
    const uri = this.text('uri')
    if (family === 'pubsub' && !uri) this.problem('uri', 'is missing; give the topic')
    const operation = this.text('operation')
    const metadata = this.map('metadata', undefined)
    return {
      ...(uri !== undefined && { uri }),
      componentName,
      componentType,
      ...(metadata && { metadata }),
      ...(operation !== undefined && { operation }),
    }
  }

  text(key: string): string | undefined {
    const value = this.#json[key]
    if (value === undefined || value === null) return undefined
    if (typeof value === 'string') return value
    this.problem(key, 'must be a string')
    return undefined
  }

  requiredText(key: string): string {
    const value = this.text(key)
    if (!value && (value === '' || this.#json[key] === undefined || this.#json[key] === null)) {
      this.problem(key, 'is missing; give a non-empty string')
    }
    return value ?? ''
  }

  /** A map of objects read by `read`, or of plain strings where there is none. */
  map<T = string>(key: string, read: ((entry: Reader) => T) | undefined): Record<string, T> | undefined {
    const value = this.#json[key]
    if (value === undefined || value === null) return undefined
    if (!isObject(value)) {
      this.problem(key, 'must be an object')
      return undefined
    }
    const entries: [string, T][] = []
    for (const [name, entry] of Object.entries(value)) {
      const path = this.at(`${key}.${name}`)
      if (read === undefined) entries.push([name, String(entry) as T])
      else if (isObject(entry)) entries.push([name, read(new Reader(entry, path, this.#problems))])
      else this.#problems.push({ field: path, message: 'must be an object' })
    }
    // fromEntries defines own properties, so a key such as __proto__ stays data.
    return Object.fromEntries(entries)
  }

  private texts(key: string): string[] | undefined {
    const value = this.#json[key]
    if (value === undefined || value === null) return undefined
    if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value
    this.problem(key, 'must be a list of strings')
    return undefined
  }

  private runtime(): FuncContext['runtime'] {
    const value = this.requiredText('runtime')
    const lower = value.toLowerCase()
    if (lower === 'async') return 'Async'
    if (value !== '' && lower !== 'knative') this.problem('runtime', `is "${value}"; it must be Async or Knative`)
    return 'Knative'
  }

  private port(): string {
    const value = this.#json.port ?? '8080'
    const port = typeof value === 'number' ? String(value) : value
    if (typeof port === 'string' && /^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65535) return port
    this.problem('port', 'must be a port from 1 to 65535, written as a string')
    return '8080'
  }

  private problem(key: string, message: string): void {
    this.#problems.push({ field: this.at(key), message })
  }

  private at(key: string): string {
    return this.#path === '' ? key : `${this.#path}.${key}`
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function sortKeys(value: unknown): unknown {
  if (!isObject(value)) return value
  const names = Object.keys(value).sort()
  return Object.fromEntries(names.map((name) => [name, sortKeys(value[name])]))
}

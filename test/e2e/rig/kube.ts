// A small client of the Kubernetes API: typed enough for the rig, without a dependency.
import { readFileSync } from 'node:fs'
import { Agent, type Dispatcher, request } from 'undici'
import { follow, type List, type Watch } from './follow.ts'

export interface Meta {
  name: string
  namespace?: string
  uid?: string
  resourceVersion?: string
  generation?: number
  creationTimestamp?: string
  deletionTimestamp?: string
  deletionGracePeriodSeconds?: number
  labels?: Record<string, string>
  annotations?: Record<string, string>
  ownerReferences?: { kind: string; name: string; uid: string }[]
  finalizers?: string[]
}

// biome-ignore lint/suspicious/noExplicitAny: objects of every kind, read by field, checked by the scenarios themselves.
export type Fields = any
export interface KubeObject {
  apiVersion?: string
  kind?: string
  metadata: Meta
  spec?: Fields
  status?: Fields
  data?: Fields
  [field: string]: Fields
}

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'
  readonly object: KubeObject
}

export class KubeError extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

export interface Kube {
  get(path: string): Promise<KubeObject>
  /** Undefined in place of a 404. */
  find(path: string): Promise<KubeObject | undefined>
  list(path: string): Promise<{ items: KubeObject[]; resourceVersion: string }>
  create(path: string, object: unknown): Promise<KubeObject>
  /** Server-side apply, as `kubectl apply --server-side --force-conflicts`. */
  apply(path: string, object: unknown): Promise<KubeObject>
  /** JSON merge patch. */
  merge(path: string, patch: unknown): Promise<KubeObject>
  remove(path: string, options?: unknown): Promise<void>
  text(path: string): Promise<string>
  /** Lists, then watches for ever, listing again after every break, until the signal aborts. */
  follow(path: string, on: (event: WatchEvent) => void, stop: AbortSignal): Promise<void>
}

/**
 * Short: while a definition is new the API server may leave a watch on a storage that it has replaced, which then says
 * nothing for ever.
 */
const watchSeconds = 10

export interface KubeAccess {
  readonly server: string
  readonly caFile: string
  readonly token: string
}

export function createKube(access: KubeAccess): Kube {
  const dispatcher = new Agent({ connect: { ca: readFileSync(access.caFile) }, connections: 50 })
  const authorization = `Bearer ${access.token}`
  const call = async (method: Dispatcher.HttpMethod, path: string, body?: unknown, type = 'application/json') => {
    const response = await request(`${access.server}${path}`, {
      method,
      dispatcher,
      headers: { authorization, 'content-type': type },
      headersTimeout: 30_000,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.body.text()
    if (response.statusCode < 300) return text
    throw new KubeError(response.statusCode, `${method} ${path}: ${reason(text)}`)
  }
  const json = async (...args: Parameters<typeof call>) => JSON.parse(await call(...args)) as KubeObject
  const list: List = async (path) => {
    const whole = await json('GET', path)
    const items = (whole.items as KubeObject[]).map((item) => ({
      ...item,
      apiVersion: item.apiVersion ?? (whole.apiVersion as string),
      kind: item.kind ?? String(whole.kind).replace(/List$/, ''),
    }))
    return { items, resourceVersion: whole.metadata.resourceVersion ?? '0' }
  }

  const watch: Watch = async (path, from, on, stop) => {
    const query = `${path.includes('?') ? '&' : '?'}watch=true&resourceVersion=${from}&timeoutSeconds=${watchSeconds}`
    const options = { dispatcher, headers: { authorization }, bodyTimeout: 0, signal: stop }
    const { body } = await request(`${access.server}${path}${query}`, options)
    for await (const line of linesOf(body)) {
      const event = JSON.parse(line) as WatchEvent
      // An expired version or an overloaded server: the caller lists again.
      if (event.type === 'ERROR' || event.object === undefined) return
      if (event.type !== 'BOOKMARK') on(event)
    }
  }

  return {
    list,
    get: (path) => json('GET', path),
    find: (path) =>
      json('GET', path).catch((error: unknown) => {
        if (error instanceof KubeError && error.status === 404) return undefined
        throw error
      }),
    create: (path, object) => json('POST', path, object),
    apply: (path, object) =>
      json('PATCH', `${path}?fieldManager=e2e&force=true`, object, 'application/apply-patch+yaml'),
    merge: (path, patch) => json('PATCH', path, patch, 'application/merge-patch+json'),
    remove: async (path, options) => {
      await call('DELETE', path, options).catch((error: unknown) => {
        if (!(error instanceof KubeError && error.status === 404)) throw error
      })
    },
    text: (path) => call('GET', path),
    follow: (path, on, stop) => follow({ list, watch }, path, on, stop),
  }
}

async function* linesOf(body: AsyncIterable<Buffer | string>): AsyncGenerator<string> {
  let rest = ''
  const decoder = new TextDecoder()
  for await (const chunk of body) {
    const text = typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
}

function reason(text: string): string {
  try {
    return (JSON.parse(text) as { message?: string }).message ?? text
  } catch {
    return text.slice(0, 500)
  }
}

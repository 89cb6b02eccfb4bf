// The part of the Dapr API over HTTP that is about state.

import { ApiError } from '../api-error.ts'
import type { StateWrite } from '../broker/state-store.ts'
import type { DaprApi } from './api.ts'
import { type HttpCall, type HttpReply, type HttpRoute, json, parseJson } from './http-route.ts'

interface StateItem {
  readonly key?: unknown
  readonly value?: unknown
  readonly etag?: string | null
  readonly options?: { readonly concurrency?: string }
}

interface Transaction {
  readonly operations?: readonly { readonly operation?: string; readonly request?: StateItem }[]
}

export function httpStateRoutes(api: DaprApi): HttpRoute[] {
  const save = ({ parts: [store = ''], body }: HttpCall): HttpReply => {
    api.state(store).write(list(parseJson(body)).map((item) => toWrite('upsert', item)))
    return { status: 204 }
  }
  const transact = ({ parts: [store = ''], body }: HttpCall): HttpReply => {
    const { operations = [] } = parseJson(body) as Transaction
    api.state(store).write(operations.map(({ operation, request = {} }) => toWrite(kindOf(operation), request)))
    return { status: 204 }
  }
  const bulk = ({ parts: [store = ''], body }: HttpCall): HttpReply => {
    const { keys = [] } = parseJson(body) as { keys?: readonly string[] }
    const view = api.state(store)
    return json(
      200,
      keys.map((key) => ({ key, ...bulkItem(view.get(key)) })),
    )
  }
  const get = ({ parts: [store = '', key = ''] }: HttpCall): HttpReply => {
    const found = api.state(store).get(key)
    if (found === undefined) return { status: 204 }
    return { status: 200, headers: { 'content-type': 'application/json', etag: found.etag }, body: found.value }
  }
  const remove = ({ parts: [store = '', key = ''], url, headers }: HttpCall): HttpReply => {
    const firstWrite = url.searchParams.get('concurrency') === 'first-write'
    const write = { kind: 'delete', key, value: Buffer.alloc(0), etag: headers['if-match'], firstWrite } as const
    api.state(store).write([write])
    return { status: 204 }
  }
  return [
    { methods: 'POST PUT', pattern: /^\/v1\.0\/state\/([^/]+)$/, handle: save },
    { methods: 'POST PUT', pattern: /^\/v1\.0\/state\/([^/]+)\/transaction$/, handle: transact },
    { methods: 'POST PUT', pattern: /^\/v1\.0\/state\/([^/]+)\/bulk$/, handle: bulk },
    { methods: 'GET', pattern: /^\/v1\.0\/state\/([^/]+)\/([^/]+)$/, handle: get },
    { methods: 'DELETE', pattern: /^\/v1\.0\/state\/([^/]+)\/([^/]+)$/, handle: remove },
  ]
}

function list(value: unknown): StateItem[] {
  if (Array.isArray(value)) return value
  throw ApiError.malformed('the body must be a list of { key, value }')
}

function toWrite(kind: StateWrite['kind'], { key, value, etag, options }: StateItem): StateWrite {
  if (typeof key !== 'string' || key === '') throw ApiError.malformed('each item needs a key')
  const firstWrite = options?.concurrency === 'first-write'
  return { kind, key, value: Buffer.from(JSON.stringify(value ?? null)), etag: etag ?? undefined, firstWrite }
}

function kindOf(operation: string | undefined): StateWrite['kind'] {
  if (operation === 'upsert' || operation === 'delete') return operation
  throw ApiError.malformed(`operation ${operation} must be upsert or delete`)
}

function bulkItem(found: { readonly value: Buffer; readonly etag: string } | undefined): object {
  return found === undefined ? {} : { data: storedJson(found.value), etag: found.etag }
}

// Over gRPC any bytes can be saved.
function storedJson(value: Buffer): unknown {
  try {
    return JSON.parse(value.toString())
  } catch {
    return value.toString('base64')
  }
}

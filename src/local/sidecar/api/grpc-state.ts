// The part of the Dapr API over gRPC that is about state.

import type { Metadata } from '@grpc/grpc-js'
import { ApiError } from '../api-error.ts'
import type { StateWrite } from '../broker/state-store.ts'
import type { DaprApi } from './api.ts'

/** Answers a request, or throws an ApiError. */
export type Method = (request: never, metadata: Metadata) => object | Promise<object>

interface StateItem {
  readonly key: string
  readonly value?: Buffer
  readonly etag: { readonly value: string } | null
  readonly options: { readonly concurrency: string } | null
}

interface WriteRequest {
  readonly store_name: string
  readonly states: readonly StateItem[]
}

interface TransactionRequest {
  readonly storeName: string
  readonly operations: readonly { readonly operationType: string; readonly request: StateItem }[]
}

export function grpcStateMethods(api: DaprApi): Record<string, Method> {
  const writeAll = (kind: StateWrite['kind']) => (request: WriteRequest) => {
    api.state(request.store_name).write(request.states.map((item) => toWrite(kind, item)))
    return {}
  }
  return {
    GetState: ({ store_name, key }: { store_name: string; key: string }) => {
      const found = api.state(store_name).get(key)
      return { data: found?.value ?? Buffer.alloc(0), etag: found?.etag ?? '', metadata: {} }
    },
    GetBulkState: ({ store_name, keys }: { store_name: string; keys: readonly string[] }) => {
      const view = api.state(store_name)
      const items = keys.map((key) => ({ key, found: view.get(key) }))
      return {
        items: items.map(({ key, found }) => ({ key, data: found?.value ?? Buffer.alloc(0), etag: found?.etag ?? '' })),
      }
    },
    SaveState: writeAll('upsert'),
    DeleteBulkState: writeAll('delete'),
    DeleteState: (item: StateItem & { store_name: string }) => {
      api.state(item.store_name).write([toWrite('delete', item)])
      return {}
    },
    ExecuteStateTransaction: ({ storeName, operations }: TransactionRequest) => {
      api
        .state(storeName)
        .write(operations.map(({ operationType, request }) => toWrite(kindOf(operationType), request)))
      return {}
    },
  }
}

function toWrite(kind: StateWrite['kind'], { key, value, etag, options }: StateItem): StateWrite {
  if (key === '') throw ApiError.malformed('each item needs a key')
  const firstWrite = options?.concurrency === 'CONCURRENCY_FIRST_WRITE'
  return { kind, key, value: value ?? Buffer.alloc(0), etag: etag?.value, firstWrite }
}

function kindOf(operation: string): StateWrite['kind'] {
  if (operation === 'upsert' || operation === 'delete') return operation
  throw ApiError.malformed(`operation ${operation} must be upsert or delete`)
}

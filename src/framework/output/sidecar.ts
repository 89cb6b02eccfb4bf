// What a function can ask of its sidecar, the same over HTTP and gRPC: here the differences of the SDK's two clients end.

import { isUtf8 } from 'node:buffer'
import type { DaprClient } from '@dapr/dapr'
import { decodeByContent, encodeData, isBytes, toBuffer } from '../payload.ts'
import type { LazyClient } from './dapr-client.ts'
import { toError } from './dapr-client.ts'

export interface Publication {
  readonly pubsub: string
  readonly topic: string
  readonly data: unknown
  readonly metadata: Readonly<Record<string, string>>
}

export interface Invocation {
  readonly name: string
  readonly operation: string
  readonly data: unknown
  readonly metadata: Readonly<Record<string, string>>
}

export type StateItem = Parameters<DaprClient['state']['save']>[1][number]
export type StateOperation = NonNullable<Parameters<DaprClient['state']['transaction']>[1]>[number]
type StateQuery = Parameters<DaprClient['state']['query']>[1]

/** Every call rejects if it fails. */
export interface Sidecar {
  publish(publication: Publication): Promise<void>
  /** Resolves to what the binding answered: JSON parsed, else text, else bytes; '' if nothing. */
  invokeBinding(invocation: Invocation): Promise<unknown>
  saveState(store: string, items: readonly StateItem[]): Promise<void>
  getState(store: string, key: string): Promise<unknown>
  getBulkState(store: string, keys: string[], parallelism?: number): Promise<unknown>
  deleteState(store: string, key: string): Promise<void>
  transactState(store: string, operations: readonly StateOperation[], metadata?: Record<string, string>): Promise<void>
  queryState(store: string, query: object): Promise<unknown>
}

export function createSidecar(client: LazyClient): Sidecar {
  const isHttp = client.protocol === 'http'
  // The SDK puts names into URLs as they are.
  const inPath = isHttp ? encodeURIComponent : (name: string) => name
  return {
    publish: ({ pubsub, topic, data, metadata }) =>
      client.use(async (dapr) => {
        const path = topic.split('/').map(inPath).join('/')
        const { body, contentType } = publishable(data)
        const options = { metadata, ...(contentType !== undefined && { contentType }) }
        refuseError(await dapr.pubsub.publish(inPath(pubsub), path, body, options))
      }),
    invokeBinding: ({ name, operation, data, metadata }) =>
      client.use(async (dapr) => {
        const body = isHttp ? jsonBindable(data) : encodeData(data).bytes
        const answer = await dapr.binding.send(inPath(name), operation, body, metadata)
        return isHttp ? answer : decodeAnswer((answer as { data?: Uint8Array }).data)
      }),
    saveState: (store, items) =>
      client.use(async (dapr) => {
        const saved = items.map((item) => (isHttp ? { ...item } : { ...item, value: JSON.stringify(item.value) }))
        refuseError(await dapr.state.save(store, saved))
      }),
    getState: (store, key) => client.use((dapr) => dapr.state.get(store, inPath(key))),
    getBulkState: (store, keys, parallelism = 10) =>
      client.use((dapr) => dapr.state.getBulk(store, keys, { parallelism })),
    deleteState: (store, key) => client.use(async (dapr) => refuseError(await dapr.state.delete(store, inPath(key)))),
    transactState: (store, operations, metadata) =>
      client.use((dapr) =>
        dapr.state.transaction(store, operations.map(isHttp ? copy : withTextValue), metadata ?? null),
      ),
    queryState: (store, query) =>
      client.use(async (dapr) => {
        const { results, ...rest } = await dapr.state.query(store, query as StateQuery)
        return {
          results: results.map((entry) => ({
            ...entry,
            data: isBytes(entry.data) ? decodeAnswer(entry.data) : entry.data,
          })),
          ...rest,
        }
      }),
  }
}

/** Over HTTP the SDK answers `{ error }` to some calls instead of rejecting. */
function refuseError(answer: unknown): void {
  if ((answer as { error?: unknown } | undefined)?.error) throw toError(answer)
}

interface Publishable {
  readonly body?: object | string
  readonly contentType?: string
}

// The SDK guesses from the name of the constructor, and so sends an instance of a user's class as "[object Object]".
function publishable(data: unknown): Publishable {
  if (data === undefined || data === null) return {}
  if (isBytes(data)) return { body: toBuffer(data), contentType: 'application/octet-stream' }
  if (typeof data !== 'object') return { body: String(data), contentType: 'text/plain' }
  return { body: data, contentType: isCloudEvent(data) ? 'application/cloudevents+json' : 'application/json' }
}

const isCloudEvent = (data: object): boolean =>
  ['id', 'source', 'type', 'specversion'].every((attribute) => Object.hasOwn(data, attribute))

// The HTTP API takes JSON and no bytes: they go as text, or as base64 if they are none.
function jsonBindable(data: unknown): unknown {
  if (!isBytes(data)) return data
  const decoded = toBuffer(data)
  return isUtf8(decoded) ? decoded.toString() : decoded.toString('base64')
}

const decodeAnswer = (data: ArrayBufferView | ArrayBuffer | undefined): unknown =>
  data === undefined || data.byteLength === 0 ? '' : decodeByContent(toBuffer(data))

// Over gRPC the SDK takes a text alone; JSON text is what the HTTP API would store for the same value.
function withTextValue(operation: StateOperation): StateOperation {
  const { request } = operation
  return request.value === undefined
    ? operation
    : { ...operation, request: { ...request, value: JSON.stringify(request.value) } }
}

// The SDK writes its defaults into what it is given.
const copy = (operation: StateOperation): StateOperation => ({ ...operation, request: { ...operation.request } })

// The Dapr API of one sidecar over gRPC.

import { type Metadata, Server, type ServerUnaryCall, type sendUnaryData, status } from '@grpc/grpc-js'
import { ApiError } from '../api-error.ts'
import { runtimeV1 } from '../grpc-protocol.ts'
import { grpcCodeOf } from '../grpc-status.ts'
import type { DaprApi } from './api.ts'
import { grpcStateMethods, type Method } from './grpc-state.ts'

/** Not listening yet. Takes messages of up to 4 MiB, as a sidecar does by default. */
export function createGrpcApi(api: DaprApi): Server {
  const methods: Record<string, Method> = { ...eventMethods(api), ...grpcStateMethods(api) }
  const server = new Server()
  const handlers = Object.entries(methods).map(([name, method]) => [name, unary(method)])
  server.addService(runtimeV1.Dapr.service, Object.fromEntries(handlers))
  return server
}

interface PublishRequest {
  readonly pubsub_name: string
  readonly topic: string
  readonly data: Buffer
  readonly data_content_type: string
  readonly metadata: Readonly<Record<string, string>>
}

interface InvokeServiceRequest {
  readonly id: string
  readonly message: {
    readonly method: string
    readonly data: { readonly value: Buffer } | null
    readonly content_type: string
    readonly http_extension: { readonly verb: string; readonly querystring: string } | null
  } | null
}

interface InvokeBindingRequest {
  readonly name: string
  readonly data: Buffer
  readonly metadata: Readonly<Record<string, string>>
}

function eventMethods(api: DaprApi): Record<string, Method> {
  return {
    PublishEvent: (request: PublishRequest, metadata) => {
      const options = {
        contentType: request.data_content_type,
        metadata: request.metadata,
        traceparent: textOf(metadata, 'traceparent'),
      }
      api.publish(request.pubsub_name, request.topic, request.data, options)
      return {}
    },
    InvokeBinding: ({ name, data, metadata }: InvokeBindingRequest) => {
      api.invokeBinding(name, data, metadata)
      return { data: Buffer.alloc(0), metadata: {} }
    },
    InvokeService: async ({ id, message }: InvokeServiceRequest) => {
      const query = message?.http_extension?.querystring
      const reply = await api.invoke(id.split('.')[0] ?? '', {
        verb: verbOf(message?.http_extension?.verb),
        method: `${message?.method ?? ''}${query ? `?${query}` : ''}`,
        headers: {},
        contentType: message?.content_type ?? '',
        body: message?.data?.value ?? Buffer.alloc(0),
      })
      const code = grpcCodeOf(reply.status)
      if (code !== undefined) throw new ApiError(reply.status, code, 'ERR_DIRECT_INVOKE', reply.body.toString())
      return { data: { value: reply.body }, content_type: reply.contentType }
    },
    GetMetadata: () => describe(api),
  }
}

const verbOf = (verb: string | undefined): string => (verb === undefined || verb === 'NONE' ? 'POST' : verb)

function describe(api: DaprApi): object {
  const { appId, components, subscriptions, port, protocol } = api.describe()
  return {
    id: appId,
    runtime_version: 'embedded',
    extended_metadata: { daprRuntimeVersion: 'embedded' },
    registered_components: components.map(({ name, type, version }) => ({ name, type, version, capabilities: [] })),
    subscriptions: subscriptions.map(({ pubsub, topic, path }) => ({
      pubsub_name: pubsub,
      topic,
      rules: { rules: [{ match: '', path }] },
      type: 'PROGRAMMATIC',
    })),
    app_connection_properties: { port, protocol, channel_address: '127.0.0.1' },
  }
}

function textOf(metadata: Metadata, name: string): string | undefined {
  const value = metadata.get(name)[0]
  return value === undefined ? undefined : String(value)
}

function unary(method: Method) {
  return (call: ServerUnaryCall<never, object>, callback: sendUnaryData<object>): void => {
    Promise.resolve()
      .then(() => method(call.request, call.metadata))
      .then(
        (reply) => callback(null, reply),
        (error: unknown) => callback(failure(error)),
      )
  }
}

function failure(error: unknown): { code: status; details: string } {
  if (error instanceof ApiError) return { code: error.grpcCode, details: error.message }
  return { code: status.INTERNAL, details: String(error) }
}

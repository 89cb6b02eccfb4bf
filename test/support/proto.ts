// Dapr's app callback for grpc-js, loaded from our own .proto: an implementation that shares no code with the product.

import { fileURLToPath } from 'node:url'
import {
  credentials,
  loadPackageDefinition,
  type ServiceClientConstructor,
  type ServiceDefinition,
} from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'

const root = fileURLToPath(new URL('../../proto', import.meta.url))

const definition = loadSync('dapr/proto/runtime/v1/appcallback.proto', {
  includeDirs: [root],
  keepCase: true,
  defaults: true,
  enums: String,
  bytes: Buffer,
})

interface Runtime {
  readonly AppCallback: ServiceClientConstructor
  readonly AppCallbackHealthCheck: ServiceClientConstructor
}

const loaded = loadPackageDefinition(definition) as unknown as { dapr: { proto: { runtime: { v1: Runtime } } } }
const runtime = loaded.dapr.proto.runtime.v1

export const appCallback: ServiceDefinition = runtime.AppCallback.service
export const healthCheck: ServiceDefinition = runtime.AppCallbackHealthCheck.service

/** No client of a test shares its connection with another one, and none holds a message back for its size. */
const options = {
  'grpc.use_local_subchannel_pool': 1,
  'grpc.max_receive_message_length': -1,
  'grpc.max_send_message_length': -1,
}

// Methods are made at run time from the definition.
// biome-ignore lint/suspicious/noExplicitAny: grpc-js gives them no types
type Client = any

const credentialsOf = (ca: string | undefined) =>
  ca === undefined ? credentials.createInsecure() : credentials.createSsl(Buffer.from(ca))

export const appCallbackClient = (port: number, ca?: string): Client =>
  new runtime.AppCallback(`127.0.0.1:${port}`, credentialsOf(ca), options)

export const healthCheckClient = (port: number, ca?: string): Client =>
  new runtime.AppCallbackHealthCheck(`127.0.0.1:${port}`, credentialsOf(ca), options)

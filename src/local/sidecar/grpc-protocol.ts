// Dapr's two gRPC services as the sidecar speaks them, loaded from our own .proto files.

import { fileURLToPath } from 'node:url'
import { loadPackageDefinition, type ServiceClientConstructor } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'

const protoRoot = fileURLToPath(new URL('../../../proto', import.meta.url))

const definition = loadSync(['dapr/proto/runtime/v1/appcallback.proto', 'dapr/proto/runtime/v1/dapr.proto'], {
  includeDirs: [protoRoot],
  keepCase: true,
  longs: String,
  enums: String,
  defaults: true,
  oneofs: true,
})

interface RuntimePackage {
  readonly AppCallback: ServiceClientConstructor
  readonly Dapr: ServiceClientConstructor
}

const loaded = loadPackageDefinition(definition) as unknown as {
  readonly dapr: { readonly proto: { readonly runtime: { readonly v1: RuntimePackage } } }
}

/** `AppCallback` is what the app serves, `Dapr` what the sidecar does. */
export const runtimeV1: RuntimePackage = loaded.dapr.proto.runtime.v1

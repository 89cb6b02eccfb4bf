// Both ends of the proxy over gRPC, with messages as the bytes that they are.

import { Client, credentials, Metadata, Server, ServerCredentials, type ServiceError, status } from '@grpc/grpc-js'
import { onTestFinished } from 'vitest'

export const service = '/dapr.proto.runtime.v1.AppCallback'

const raw = (bytes: Buffer) => bytes

export interface Call {
  readonly path: string
  readonly bytes: Buffer
  readonly metadata: Metadata
}

/** A function that has these methods, and answers each with `answer`. */
export async function rawGrpcFunction(paths: readonly string[], answer: Buffer) {
  const calls: Call[] = []
  const server = new Server()
  const methods = paths.map((path) => [
    path,
    {
      ...{ path, requestStream: false, responseStream: false },
      ...{ requestSerialize: raw, requestDeserialize: raw, responseSerialize: raw, responseDeserialize: raw },
    },
  ])
  const handlers = paths.map((path) => [
    path,
    (
      { request, metadata }: { request: Buffer; metadata: Metadata },
      reply: (error: ServiceError | null, bytes: Buffer) => void,
    ) => {
      calls.push({ path, bytes: request, metadata })
      reply(null, answer)
    },
  ])
  server.addService(Object.fromEntries(methods), Object.fromEntries(handlers))
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  )
  onTestFinished(() => server.forceShutdown())
  return { port, calls }
}

/** Resolves to the bytes of the answer, or to the name of its status. */
export function rawGrpcCall(
  port: number,
  path: string,
  bytes: Buffer,
  fields: Record<string, string | Buffer> = {},
): Promise<Buffer | string> {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 })
  onTestFinished(() => client.close())
  const metadata = new Metadata()
  for (const [name, value] of Object.entries(fields)) metadata.set(name, value)
  return new Promise((resolve) => {
    client.makeUnaryRequest(path, raw, raw, bytes, metadata, (error, answer) =>
      resolve(error ? (status[error.code] as string) : (answer as Buffer)),
    )
  })
}

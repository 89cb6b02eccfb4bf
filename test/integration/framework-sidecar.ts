// A stand-in for the Dapr API that a function sends to: records each call, over HTTP and over gRPC.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import * as grpc from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'

export interface Call {
  /** Path and query of the HTTP API, or the method of the gRPC API. */
  readonly what: string
  readonly body: unknown
  readonly headers: Readonly<Record<string, unknown>>
}

export interface StandIn {
  readonly port: number
  readonly calls: Call[]
  /** Answers the next calls with this error, `undefined` ends it. */
  failWith(message: string | undefined): void
  close(): void
}

const protoFolder = fileURLToPath(new URL('../../node_modules/@dapr/dapr/proto', import.meta.url))

/** Dapr's own contract, as its SDK ships it. */
export const daprProtos = (file: string) =>
  grpc.loadPackageDefinition(
    loadSync(`dapr/proto/runtime/v1/${file}.proto`, { includeDirs: [protoFolder], enums: String, defaults: true }),
    // biome-ignore lint/suspicious/noExplicitAny: packages are known by name alone
  ) as any

export async function httpStandIn(port = 0): Promise<StandIn> {
  const calls: Call[] = []
  let failure: string | undefined
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const text = Buffer.concat(chunks).toString()
    const what = request.url ?? ''
    if (what.startsWith('/v1.0/metadata')) return response.end('{"id":"stand-in"}')
    calls.push({ what, body: text, headers: request.headers })
    if (failure !== undefined) response.writeHead(500).end(failure)
    else if (what.startsWith('/v1.0/bindings')) response.end('{"stored":true}')
    else if (what.startsWith('/v1.0/state') && request.method === 'GET') response.end('{"found":1}')
    else response.writeHead(204).end()
    return undefined
  }
  const server = createServer((request, response) => void answer(request, response))
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    port: (server.address() as { port: number }).port,
    calls,
    failWith: (message) => {
      failure = message
    },
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

export async function grpcStandIn(port = 0): Promise<StandIn> {
  const calls: Call[] = []
  let failure: string | undefined
  const answerWith =
    (what: string, reply: object) =>
    (call: grpc.ServerUnaryCall<object, object>, callback: grpc.sendUnaryData<object>) => {
      calls.push({ what, body: call.request, headers: call.metadata.getMap() })
      if (failure === undefined) callback(null, reply)
      else callback({ code: grpc.status.INTERNAL, details: failure })
    }
  const server = new grpc.Server({ 'grpc.max_receive_message_length': -1 })
  server.addService(daprProtos('dapr').dapr.proto.runtime.v1.Dapr.service, {
    GetMetadata: (_call: unknown, callback: grpc.sendUnaryData<object>) => callback(null, {}),
    PublishEvent: answerWith('PublishEvent', {}),
    InvokeBinding: answerWith('InvokeBinding', { data: Buffer.from('{"stored":true}') }),
    GetState: answerWith('GetState', { data: Buffer.from('{"found":1}') }),
    SaveState: answerWith('SaveState', {}),
  })
  const bound = await new Promise<number>((resolve, reject) =>
    server.bindAsync(`127.0.0.1:${port}`, grpc.ServerCredentials.createInsecure(), (error, found) =>
      error ? reject(error) : resolve(found),
    ),
  )
  return {
    port: bound,
    calls,
    failWith: (message) => {
      failure = message
    },
    close: () => server.forceShutdown(),
  }
}

/** Listens and counts who connects; answers nothing. */
export async function connectionCounter() {
  let count = 0
  const server = createTcpServer((socket) => {
    count += 1
    socket.on('error', () => {})
    socket.destroy()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { port: (server.address() as { port: number }).port, count: () => count, close: () => server.close() }
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const { port, close } = await connectionCounter()
  await new Promise<void>((resolve) => {
    close().once('close', resolve)
  })
  return port
}

/** A gRPC client that calls a function as daprd would. */
export function appCallback(port: number) {
  const { AppCallback } = daprProtos('appcallback').dapr.proto.runtime.v1
  const client = new AppCallback(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), {
    'grpc.max_send_message_length': -1,
    'grpc.max_receive_message_length': -1,
  })
  const call = (method: string, request: object) =>
    new Promise<Record<string, unknown>>((resolve, reject) => {
      client[method](request, (error: grpc.ServiceError | null, reply: Record<string, unknown>) =>
        error ? reject(error) : resolve(reply),
      )
    })
  return { call, close: (): void => client.close() }
}

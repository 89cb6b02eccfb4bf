// Opens the two API ports of a sidecar.

import type { Server as HttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Server as GrpcServer, ServerCredentials } from '@grpc/grpc-js'

export interface ApiPorts {
  readonly http: number
  readonly grpc: number
}

// Loopback only: the API can publish and read state, and has no token here.
const host = '127.0.0.1'

/** Port 0 takes any free one. Resolves to the ports that were taken. */
export async function listen(servers: { http: HttpServer; grpc: GrpcServer }, wanted: ApiPorts): Promise<ApiPorts> {
  return { http: await listenHttp(servers.http, wanted.http), grpc: await listenGrpc(servers.grpc, wanted.grpc) }
}

function listenHttp(server: HttpServer, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port))
  })
}

function listenGrpc(server: GrpcServer, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const settle = (error: Error | null, bound: number) => (error ? reject(error) : resolve(bound))
    server.bindAsync(`${host}:${port}`, ServerCredentials.createInsecure(), settle)
  })
}

// A stand-in for the API server of Kubernetes: EndpointSlices of one namespace over HTTPS, with versions, watches, tokens, and faults on demand.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { createCertificate } from './certificate.ts'

export type Slice = ReturnType<typeof slice>

/** One EndpointSlice of the Service `f`, with its pods at `hosts`, all ready. */
export function slice(name: string, hosts: readonly string[], conditions: object = { ready: true }) {
  return {
    metadata: { name, labels: { 'kubernetes.io/service-name': 'f' } },
    addressType: 'IPv4',
    endpoints: hosts.map((host) => ({ addresses: [host], conditions, targetRef: { kind: 'Pod', uid: `uid-${host}` } })),
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
  }
}

interface Event {
  readonly version: number
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly object: object
}

export interface Request {
  readonly method: string
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly token: string
}

export class ApiServerDouble {
  readonly requests: Request[] = []
  readonly sockets = new Set<Socket>()
  /** Folder with token and ca.crt, as in a pod. */
  readonly account = mkdtempSync(join(tmpdir(), 'dapr-proxy-account-'))
  port = 0
  /** Answers with this status in place of what was asked; undefined to go on. */
  refuse: (request: Request) => number | undefined = () => undefined
  /** What becomes of the bytes of a watch. */
  write: (response: ServerResponse, bytes: Buffer) => void = (response, bytes) => response.write(bytes)
  /** Lists show the state of this version: an API server that has fallen behind. A list that asks for more waits in vain. */
  behind: number | undefined
  #tokens = new Set<string>()
  #version = 100
  #oldest = 0
  readonly #slices = new Map<string, object>()
  readonly #history: Event[] = []
  readonly #watches = new Set<ServerResponse>()
  readonly #certificate = createCertificate()
  readonly #server = createServer({ key: this.#certificate.key, cert: this.#certificate.cert }, (request, response) =>
    this.#answer(request, response),
  )

  constructor() {
    writeFileSync(join(this.account, 'ca.crt'), this.#certificate.cert)
    this.rotateToken('first')
    this.#server.on('connection', (socket: Socket) => {
      this.sockets.add(socket)
      socket.on('close', () => this.sockets.delete(socket)).on('error', () => {})
    })
  }

  get watches(): number {
    return this.#watches.size
  }
  get version(): number {
    return this.#version
  }

  async listen(port = 0): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve))
    this.port = (this.#server.address() as AddressInfo).port
  }

  /** Nothing listens any more. What it knows stays. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    for (const socket of this.sockets) socket.destroy()
    await closed
  }

  /** A new token, in the pod and here; the one before is not valid any more. */
  rotateToken(token: string): void {
    this.acceptToken(token)
    writeFileSync(join(this.account, 'token'), `${token}\n`)
  }
  acceptToken(token: string): void {
    this.#tokens = new Set([token])
  }

  put(given: Slice): void {
    const { name } = given.metadata
    this.#version += 1
    const metadata = { ...given.metadata, resourceVersion: String(this.#version) }
    const type = this.#slices.has(name) ? 'MODIFIED' : 'ADDED'
    this.#slices.set(name, { ...given, metadata })
    this.#record(type, { ...given, metadata })
  }
  remove(name: string): void {
    this.#version += 1
    this.#slices.delete(name)
    this.#record('DELETED', { metadata: { name, resourceVersion: String(this.#version) } })
  }
  bookmark(): void {
    this.send({
      type: 'BOOKMARK',
      object: { kind: 'EndpointSlice', metadata: { resourceVersion: String(this.#version) } },
    })
  }
  /** Versions up to now are forgotten. */
  compact(): void {
    this.#oldest = this.#version
  }
  /** As after a restore of etcd. */
  restoreTo(version: number): void {
    this.#version = version
    this.#history.length = 0
  }
  /** One line to every watch, whatever it is. */
  send(line: object | string): void {
    const bytes = Buffer.from(`${typeof line === 'string' ? line : JSON.stringify(line)}\n`)
    for (const watch of this.#watches) this.write(watch, bytes)
  }
  endWatches(): void {
    for (const watch of this.#watches) watch.end()
    this.#watches.clear()
  }
  cutWatches(): void {
    for (const watch of this.#watches) watch.destroy()
    this.#watches.clear()
  }

  #record(type: Event['type'], object: object): void {
    this.#history.push({ version: this.#version, type, object })
    this.send({ type, object })
  }

  #answer(incoming: IncomingMessage, response: ServerResponse): void {
    const url = new URL(incoming.url ?? '', 'https://localhost')
    const request = {
      method: incoming.method ?? '',
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      token: (incoming.headers.authorization ?? '').replace('Bearer ', ''),
    }
    this.requests.push(request)
    const status = this.#tokens.has(request.token) ? this.refuse(request) : 401
    const { watch, resourceVersion = '' } = request.query
    if (status !== undefined) this.#status(response, status)
    else if (watch === 'true') this.#watch(response, Number(resourceVersion))
    else this.#list(response, resourceVersion)
  }

  #list(response: ServerResponse, resourceVersion: string): void {
    const isConsistent = resourceVersion === ''
    const version = isConsistent ? this.#version : Math.min(this.behind ?? this.#version, this.#version)
    if (Number(resourceVersion) > version) {
      this.#status(response, 504)
      return
    }
    const items = version === this.#version ? [...this.#slices.values()] : this.#at(version)
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ kind: 'EndpointSliceList', metadata: { resourceVersion: String(version) }, items }))
  }

  #at(version: number): object[] {
    const slices = new Map<string, object>()
    for (const event of this.#history) {
      const { name } = (event.object as Slice).metadata
      if (event.version > version) break
      if (event.type === 'DELETED') slices.delete(name)
      else slices.set(name, event.object)
    }
    return [...slices.values()]
  }

  #watch(response: ServerResponse, from: number): void {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.flushHeaders()
    if (from < this.#oldest || from > this.#version) {
      const object = { kind: 'Status', code: 410, reason: 'Expired', message: `too old resource version: ${from}` }
      response.end(`${JSON.stringify({ type: 'ERROR', object })}\n`)
      return
    }
    this.#watches.add(response)
    response.on('close', () => this.#watches.delete(response))
    for (const { version, type, object } of this.#history) {
      if (version > from) this.write(response, Buffer.from(`${JSON.stringify({ type, object })}\n`))
    }
  }

  #status(response: ServerResponse, code: number): void {
    response.writeHead(code, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ kind: 'Status', code, message: `the stand-in says ${code}` }))
  }
}

/** Listens on any free port; gone when the test is over. */
export async function startApiServer(): Promise<ApiServerDouble> {
  const server = new ApiServerDouble()
  await server.listen()
  onTestFinished(async () => {
    await server.close().catch(() => {})
    rmSync(server.account, { recursive: true })
  })
  return server
}

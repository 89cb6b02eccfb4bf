// One route of the Dapr API over HTTP, and the JSON that goes in and out.

import { ApiError } from '../api-error.ts'

export interface HttpReply {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Buffer | string
}

export interface HttpCall {
  readonly method: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  /** What the groups of the route's pattern matched, percent-decoded. */
  readonly parts: readonly string[]
}

export interface HttpRoute {
  readonly methods: string
  readonly pattern: RegExp
  readonly handle: (call: HttpCall) => HttpReply | Promise<HttpReply>
}

export function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString())
  } catch {
    throw ApiError.malformed('the body is not JSON')
  }
}

export function json(status: number, value: unknown): HttpReply {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) }
}

// Between flat lists of header fields and the objects that node:http2 takes.

import type { OutgoingHttpHeaders } from 'node:http2'

/** Fields of one block. Metadata of a broker travels in them; Node's own limit is 128. Their bytes are bounded apart. */
export const maxHeaderListPairs = 2000

/** Without pseudo-headers, in order. */
export function withoutPseudo(raw: readonly string[]): string[] {
  const kept: string[] = []
  for (let i = 0; i + 1 < raw.length; i += 2) {
    if (!(raw[i] as string).startsWith(':')) kept.push(raw[i] as string, raw[i + 1] as string)
  }
  return kept
}

/** A field that comes more than once becomes a list; `pseudo` goes first, as HTTP/2 asks. */
export function headerObject(
  raw: readonly string[],
  pseudo: Readonly<Record<string, string | number>> = {},
): OutgoingHttpHeaders {
  const headers: Record<string, string | number | string[]> = Object.assign(Object.create(null), pseudo)
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] as string
    const value = raw[i + 1] as string
    const before = headers[name]
    if (before === undefined) headers[name] = value
    else headers[name] = Array.isArray(before) ? [...before, value] : [String(before), value]
  }
  return headers
}

/** `grpc-timeout` (gRPC over HTTP/2: up to eight digits and a unit) in milliseconds; undefined if absent or malformed. */
export function timeoutMs(value: string | undefined): number | undefined {
  const match = value === undefined ? null : /^(\d{1,8})([HMSmun])$/.exec(value)
  if (!match) return undefined
  return Number(match[1]) * (unitMs[match[2] as string] as number)
}

const unitMs: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 }

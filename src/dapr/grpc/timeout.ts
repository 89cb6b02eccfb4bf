// How long the sender of a call waits.

/** `grpc-timeout` (gRPC over HTTP/2: up to eight digits and a unit) in milliseconds; undefined if absent or malformed. */
export function timeoutMs(value: string | undefined): number | undefined {
  const match = value === undefined ? null : /^(\d{1,8})([HMSmun])$/.exec(value)
  if (!match) return undefined
  return Number(match[1]) * (unitMs[match[2] as string] as number)
}

const unitMs: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 }

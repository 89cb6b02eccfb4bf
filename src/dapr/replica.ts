// Where a replica of the function listens, and how long we wait for it.

export interface ReplicaAddress {
  readonly host: string
  readonly port: number
}

/** `host:port` as in a URL. It identifies a replica. */
export function authority({ host, port }: ReplicaAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** Time to connect before a replica counts as unreachable, in milliseconds. */
export const connectTimeoutMs = 1000

/** Bytes of one reply that are kept in memory. A larger one is a broken exchange. */
export const maxReplyBytes = 32 * 1024 * 1024

// How the proxy leaves: it stays useful until nothing is under way, and outlives the sidecar that it serves.

import type { Log } from '../shared/log.ts'

export interface DrainParts {
  /** Events in flight or held. */
  readonly busy: () => number
  /** Connections of daprd. */
  readonly connections: () => number
  /** From now on daprd's health check fails, so that daprd goes on with its shutdown at once. */
  readonly reportUnhealthy: () => void
  readonly timeoutMs: number
  readonly log: Log
}

/** Quiet for this long means that nothing more comes. Milliseconds. */
const quietMs = 1000
const checkEveryMs = 50

/**
 * SIGTERM reaches daprd and the proxy at the same moment. daprd stops its subscriptions, finishes what is under way and
 * then waits for its block-shutdown duration or for an unhealthy app, whichever is first (dapr runtime.go, Run).
 */
export async function drain({ busy, connections, reportUnhealthy, timeoutMs, log }: DrainParts): Promise<void> {
  const startedMs = performance.now()
  let busyAtMs = startedMs
  let isQuiet = false
  for (;;) {
    const nowMs = performance.now()
    if (busy() > 0) busyAtMs = nowMs
    if (!isQuiet && nowMs - busyAtMs >= quietMs) {
      isQuiet = true
      reportUnhealthy()
      log.info('nothing is under way; waiting for the sidecar to close its connections')
    }
    if (isQuiet && busy() === 0 && connections() === 0) return
    if (nowMs - startedMs >= timeoutMs) {
      log.warn('drain timeout reached', { busy: busy(), connections: connections() })
      return
    }
    await new Promise((resolve) => setTimeout(resolve, checkEveryMs))
  }
}

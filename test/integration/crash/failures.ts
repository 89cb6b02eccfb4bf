// Every event fails, for a while: how often is each of them tried?

import { metric } from '../../support/proxy.ts'
import { startProxyProcess } from '../../support/proxy-process.ts'
import type { Wire } from '../../support/wire.ts'
import { sendSteadily } from './load.ts'
import { startReplicas } from './replicas.ts'

/** `fail`: the function answers with an error; `reset`: the connection is reset before any answer; `dead`: nobody listens. */
export type Failure = 'fail' | 'reset' | 'dead'

export interface FailureFigures {
  readonly protocol: string
  readonly failure: Failure
  readonly perSecond: number
  readonly events: number
  /** Events that replicas were given, when it failed and when those that died are back. */
  readonly attempts: number
  readonly attemptsEach: number
  /** What the proxy tells of the same: attempts after the first, which may have found nobody. */
  readonly retries: number
  /** Answered at last by a function that works. */
  readonly succeeded: number
  /** What the budget allows while nothing answers (`src/proxy/retry-budget.ts`), where that is less than ten seconds. */
  readonly mostAttempts: number
}

/** Four replicas, all of which fail `perSecond` events a second for so many seconds. */
export async function measureFailures(
  wire: Wire,
  failure: Failure,
  perSecond: number,
  seconds: number,
): Promise<FailureFigures> {
  const replicas = await startReplicas(wire, Array(4).fill(failure === 'dead' ? 0 : failure))
  const proxy = await startProxyProcess(wire, replicas.ports)
  const sidecar = wire.connect(proxy.port)
  try {
    // They are known before they die, and answer nothing but what is counted.
    await new Promise((resolve) => setTimeout(resolve, 500))
    if (failure === 'dead') await Promise.all(replicas.list.map((replica) => replica.kill()))
    const sent = sendSteadily(sidecar, perSecond, seconds)
    if (failure === 'dead') {
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
      await Promise.all(replicas.list.map((replica) => replica.start()))
    }
    const answers = await sent
    const attempts = replicas.runs().length
    return {
      ...{ protocol: wire.protocol, failure, perSecond, events: answers.length, attempts },
      attemptsEach: attempts / answers.length,
      retries: await metric(proxy.adminPort, 'dapr_proxy_retries_total'),
      succeeded: answers.filter(({ outcome }) => outcome === 'success').length,
      mostAttempts: 1.2 * answers.length + 40,
    }
  } finally {
    sidecar.close()
    proxy.kill()
    await replicas.close()
  }
}

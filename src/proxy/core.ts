// The core, in the order in which an event passes through it. It does not know how bytes move.

import type { EventHandler, ReplicaClient } from '../dapr/event.ts'
import type { ReplicaAddress } from '../dapr/replica.ts'
import { Balancer, type InFlightLimits } from './balancer.ts'
import type { ProxyConfig } from './config.ts'
import { createDispatch } from './dispatch.ts'
import { joinDuplicates } from './duplicates.ts'
import { Hold, type HoldLimits } from './hold.ts'
import { KeyOrder } from './key-order.ts'
import type { Observer } from './observer.ts'
import { createPolicy } from './policy/policies.ts'
import type { Reached } from './replica/health.ts'
import { Replicas } from './replica/replicas.ts'
import { keepVigil } from './replica/vigil.ts'
import { RetryBudget } from './retry-budget.ts'
import type { Time } from './time.ts'

export interface Core<Message> {
  readonly handler: EventHandler<Message>
  readonly replicas: Replicas<Message>
  readonly hold: Hold
  /** Events that are held or in flight now. */
  underWay(): number
  /** Resolves once a replica has taken a connection. */
  firstReplica(): Promise<void>
  /** Forgets all replicas. */
  stop(): void
}

export type CoreSettings = HoldLimits & InFlightLimits & Pick<ProxyConfig, 'balance' | 'joinDuplicates'>

/** How the core reaches the world. */
export interface CoreEdge<Message> {
  readonly createClient: (address: ReplicaAddress) => ReplicaClient<Message>
  /** Tries to connect. Never rejects. */
  readonly probe: (address: ReplicaAddress) => Promise<Reached>
  readonly time: Time
  readonly observer: Observer
}

export function createCore<Message>(config: CoreSettings, edge: CoreEdge<Message>): Core<Message> {
  const { probe, time, observer } = edge
  const replicas = new Replicas(edge)
  const stopVigil = keepVigil({ time, working: () => replicas.working(), probe })

  // Held while there is no replica for it, or no place on one.
  const hold = new Hold(config, time, (listener) => replicas.onGain(listener))
  // To the replica that the policy names.
  const policy = createPolicy(config.balance, time.random)
  const balancer = new Balancer({ replicas, policy, limits: config, onFree: () => hold.placeFree() })
  // To another one, if the first did not run it, or broke off and the budget allows a second run.
  const budget = new RetryBudget()
  const order = config.balance === 'hash' ? { order: new KeyOrder() } : {}
  const { handler, underWay } = createDispatch({ balancer, hold, budget, observer, time, ...order })

  return {
    // An event comes in here, and perhaps joins an earlier delivery of itself.
    handler: config.joinDuplicates ? joinDuplicates({ handler, now: time.now, observer }) : handler,
    replicas,
    hold,
    underWay,
    firstReplica: () =>
      new Promise((resolve) => {
        if (replicas.usable().length > 0) resolve()
        const stop = replicas.onGain(() => {
          stop()
          resolve()
        })
      }),
    stop() {
      stopVigil()
      replicas.replace([])
    },
  }
}

// What the core alone costs: events through it to replicas that answer at once, without a byte moved.
// Usage: node --import tsx test/bench/core.ts

import { patientSender } from '../../src/dapr/departure.ts'
import type { Event, ReplicaClient } from '../../src/dapr/event.ts'
import { createCore } from '../../src/proxy/core.ts'
import { silentObserver as observer } from '../../src/proxy/observer.ts'
import { balances } from '../../src/proxy/policy/policies.ts'
import { systemTime as time } from '../../src/proxy/time.ts'

const limits = { maxHeld: 1000, holdTimeoutMs: 30_000, maxInFlight: 1000, replicaConcurrency: 1000 }
const probe = async () => 'accepted' as const
const events = 500_000
const atATime = 32
const event: Event<undefined> = { route: { kind: 'topic', name: 'a/b' }, message: undefined, sender: patientSender }
const client: ReplicaClient<undefined> = {
  async send() {
    await null
    return { kind: 'answered', verdict: 'success' }
  },
  close() {},
  abandon() {},
}

for (const balance of balances) {
  for (const count of [1, 3, 100]) {
    const core = createCore(
      { ...limits, balance, joinDuplicates: false },
      { createClient: () => client, probe, time, observer },
    )
    core.replicas.replace(Array.from({ length: count }, (_, index) => ({ host: '10.0.0.1', port: index + 1 })))
    await core.firstReplica()
    const run = async (total: number) => {
      for (let sent = 0; sent < total; sent += atATime) {
        await Promise.all(Array.from({ length: atATime }, () => core.handler(event)))
      }
    }
    await run(events / 5)
    const before = process.cpuUsage()
    await run(events)
    const { user, system } = process.cpuUsage(before)
    process.stdout.write(
      `${balance.padEnd(12)} ${String(count).padStart(4)} replicas ${((user + system) / events).toFixed(2)} µs\n`,
    )
  }
}

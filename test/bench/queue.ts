// A million events while there is no replica: what does the core keep of them?
// Usage: node --expose-gc --import tsx test/bench/queue.ts

import { patientSender } from '../../src/dapr/departure.ts'
import { createCore } from '../../src/proxy/core.ts'
import { silentObserver as observer } from '../../src/proxy/observer.ts'
import { systemTime as time } from '../../src/proxy/time.ts'

const limits = { maxHeld: 1000, holdTimeoutMs: 300_000, maxInFlight: 1000, replicaConcurrency: 1000 }
const core = createCore<undefined>(
  { ...limits, balance: 'least-loaded', joinDuplicates: false },
  {
    createClient: () => ({ send: async () => ({ kind: 'not-run', cause: '' }), close() {}, abandon() {} }),
    probe: async () => 'refused',
    time,
    observer,
  },
)
core.replicas.replace([{ host: '10.0.0.1', port: 1 }])
const heapMiB = () => {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed / 2 ** 20
}

const event = { route: { kind: 'topic', name: 'a/b' }, message: undefined, sender: patientSender } as const
const calmMiB = heapMiB()
let refused = 0
for (let sent = 0; sent < 1_000_000; sent += 1) {
  core.handler(event).then(() => {
    refused += 1
  })
  if (sent % 1000 === 999) await new Promise(setImmediate)
}
await new Promise(setImmediate)
process.stdout.write(
  `${core.hold.held()} held, ${refused} given back; heap ${calmMiB.toFixed(1)} → ${heapMiB().toFixed(1)} MiB\n`,
)
process.exit(0)

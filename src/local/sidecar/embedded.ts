// The embedded sidecars of one run: one for each app, with one broker between them.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Ports } from '../processes/free-port.ts'
import type { Sidecars } from '../sidecars.ts'
import type { ApiPorts } from './api/listen.ts'
import { Broker } from './broker/broker.ts'
import { StateStores } from './broker/state-store.ts'
import { type Producer, startCron, startRate } from './producers.ts'
import { Sidecar } from './sidecar.ts'

// Where daprd listens by default.
const usual: ApiPorts = { http: 3500, grpc: 50_001 }

const pauseMs = 50

export function createEmbedded(ports: Ports, warn: (message: string) => void, appToken?: string): Sidecars {
  const broker = new Broker()
  const states = new StateStores()
  const sidecars = new Map<string, Sidecar>()
  const producers: Producer[] = []
  const all = () => [...sidecars.values()]
  const pending = () => all().reduce((sum, { tally }) => sum + tally.counts().pending, 0)
  return {
    children: [],
    async start(apps) {
      const taken = new Map<string, ApiPorts>()
      for (const app of apps) {
        const findApp = (appId: string) => sidecars.get(appId)?.state
        const sidecar = new Sidecar({ app, broker, states, findApp, warn, appToken })
        sidecars.set(app.appId, sidecar)
        const wanted = { http: await ports.take(usual.http), grpc: await ports.take(usual.grpc) }
        taken.set(app.appId, await sidecar.listen(wanted))
      }
      return taken
    },
    async connect(signal) {
      const connected = await Promise.all(all().map((sidecar) => sidecar.connect(signal)))
      return connected.every(Boolean)
    },
    produce(rate) {
      const inputs = all().flatMap((sidecar) => sidecar.inputs)
      producers.push(startCron(inputs))
      if (rate > 0) producers.push(startRate(inputs, broker, rate))
    },
    async drain(signal) {
      for (const producer of producers.splice(0)) producer.stop()
      // Twice in a row: what handles one event may be about to publish the next one.
      for (let quiet = 0; quiet < 2 && !signal.aborted; quiet = pending() === 0 ? quiet + 1 : 0) {
        await sleep(pauseMs)
      }
    },
    async disconnect() {
      broker.close()
      await Promise.all(all().map((sidecar) => sidecar.disconnect()))
    },
    async close() {
      for (const sidecar of all()) sidecar.close()
    },
    numbers(appId) {
      const sidecar = sidecars.get(appId)
      if (sidecar === undefined) return undefined
      const { tally, deliveredTo } = sidecar
      return { counts: tally.counts(), p50Ms: tally.latencyMs(0.5), p99Ms: tally.latencyMs(0.99), deliveredTo }
    },
  }
}

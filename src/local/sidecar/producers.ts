// What makes events by itself in a run: cron bindings, and `--rate`.

import type { Broker } from './broker/broker.ts'
import { brokerKey, isCron } from './broker/component.ts'
import { cloudEvent } from './cloud-event.ts'
import { parseSchedule } from './cron.ts'
import type { Input } from './sidecar.ts'

export interface Producer {
  stop(): void
}

// Longer delays overflow the timers of Node.
const longestWaitMs = 2_000_000_000

/** Gives each cron input an event whenever its schedule is due. */
export function startCron(inputs: readonly Input[]): Producer {
  const timers = new Set<NodeJS.Timeout>()
  for (const input of inputs) {
    if (input.kind !== 'binding' || !isCron(input.component)) continue
    const next = parseSchedule(input.component.metadata.schedule ?? '')
    const plan = (fromMs: number) => {
      const dueMs = next?.(fromMs)
      if (dueMs === undefined) return
      const timer = setTimeout(
        () => {
          timers.delete(timer)
          const isDue = Date.now() >= dueMs - 1
          if (isDue && input.queue.hasRoom()) input.queue.push({ data: Buffer.alloc(0), metadata: tick() })
          plan(isDue ? Math.max(dueMs, Date.now() - 1) : fromMs)
        },
        Math.min(Math.max(0, dueMs - Date.now()), longestWaitMs),
      )
      timers.add(timer)
    }
    plan(Date.now())
  }
  return {
    stop() {
      for (const timer of timers) clearTimeout(timer)
    },
  }
}

/** As a cron binding writes them. */
const tick = (): Record<string, string> => ({
  readTimeUTC: `${new Date().toISOString().replace('T', ' ').replace('Z', '')} +0000 UTC`,
  timeZone: 'Local',
})

const periodMs = 20

/** `rate` events a second into each input that is not cron; a topic that several apps listen to counts once. */
export function startRate(inputs: readonly Input[], broker: Broker, rate: number): Producer {
  const emits = [...new Map(inputs.filter((input) => !isCron(input.component)).map(emitterOf(broker))).values()]
  const startedMs = performance.now()
  let made = 0
  const timer = setInterval(() => {
    const owed = Math.floor(((performance.now() - startedMs) / 1000) * rate)
    for (; made < owed; made += 1) for (const emit of emits) emit(made)
  }, periodMs)
  return { stop: () => clearInterval(timer) }
}

const emitterOf =
  (broker: Broker) =>
  (input: Input): [string, (count: number) => void] => {
    const { component } = input
    const body = (count: number) => Buffer.from(JSON.stringify({ id: count, at: new Date().toISOString() }))
    if (input.kind === 'binding') {
      const emit = (count: number) => {
        if (input.queue.hasRoom()) input.queue.push({ data: body(count), metadata: {} })
      }
      return [`binding ${component.name}`, emit]
    }
    const { topic } = input
    const emit = (count: number) => {
      const publication = { pubsub: component.name, topic, contentType: 'application/json', source: 'dapr-proxy-run' }
      const message = { data: cloudEvent({ ...publication, data: body(count) }), metadata: {} }
      if (broker.hasRoom(component, topic)) broker.publish(component, topic, message)
    }
    return [`topic ${brokerKey(component)} ${topic}`, emit]
  }

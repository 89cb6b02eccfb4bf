// What happens to an event that the function could not take: how long daprd tries again, and how long the broker waits.

import { componentKinds, own, resolveComponent } from './components.ts'
import type { ComponentSpec, Fn } from './function.ts'

// daprd retries nothing by itself, and Redis acknowledges what failed from daprd 1.17 on (components-contrib
// pubsub/redis/redis.go), unless the time that it gives a delivery is over by then. So the attempts go on for longer than
// that; what still fails stays in the broker and is delivered anew.
const redis = 'pubsub.redis'
const processingTimeout = 'processingTimeout'

/** Milliseconds, as daprd reads a plain number. The defaults in Redis' code, written out because its documentation names others. */
const redisDefaults: readonly (readonly [name: string, value: string])[] = [
  [processingTimeout, '60000'],
  ['redeliverInterval', '15000'],
]

/** Attempts outlast the broker's patience by this much. Milliseconds. */
const marginMs = 5000

/** Longest wait between two attempts, in milliseconds. */
export const longestPauseMs = 10_000
// The pauses of daprd's exponential policy (dapr kit/retry): 500 ms, half as much more each time, each off by up to a half.
const firstPauseMs = 500
const growth = 1.5
const leastShare = 0.5

/** The metadata of an inline component, with the times that delivery rests on spelled out where the user gave none. */
export function withDeliveryTimes({ type, metadata }: ComponentSpec): ComponentSpec['metadata'] {
  if (type !== redis) return metadata
  const given = new Set(metadata.map(({ name }) => name))
  const missing = redisDefaults.filter(([name]) => !given.has(name))
  return [...metadata, ...missing.map(([name, value]) => ({ name, value }))]
}

/** The components of a Function's inputs in the order of their names, with the number of retries that each needs. */
export function inputRetries(fn: Fn): ReadonlyMap<string, number> {
  const inputs = fn.isAsync ? (fn.serving.inputs ?? []) : []
  const retries = inputs.map((io) => {
    const { name } = resolveComponent(fn.name, fn.serving, io)
    const inline = componentKinds.map((kind) => own(fn.serving[kind], io.component)).find(Boolean)
    return [name, retriesFor(patienceMs(inline) + marginMs)] as const
  })
  return new Map(retries.sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** How long the broker waits for an answer. Where nobody says it, Redis' own default. */
function patienceMs(component: ComponentSpec | undefined): number {
  const given =
    component?.type === redis ? component.metadata.find(({ name }) => name === processingTimeout) : undefined
  const [, fallback] = redisDefaults[0] as readonly [string, string]
  return durationMs(String(given?.value ?? fallback)) ?? Number(fallback)
}

/** The least number of retries that surely take `wholeMs`, however the pauses fall. */
export function retriesFor(wholeMs: number): number {
  let retries = 0
  let pauseMs = firstPauseMs
  for (let sureMs = 0; sureMs < wholeMs; retries += 1) {
    sureMs += pauseMs * leastShare
    pauseMs = Math.min(pauseMs * growth, longestPauseMs)
  }
  return retries
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** A plain number is milliseconds; `1m30s` is Go's way to write a duration. */
function durationMs(text: string): number | undefined {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  const parts = [...text.matchAll(/(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h)/g)]
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) return undefined
  return parts.reduce((sum, [, value, unit = '']) => sum + Number(value) * (unitMs[unit] ?? 0), 0)
}

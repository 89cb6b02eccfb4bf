// What the delivery of a Function's events rests on: retries, times and capacities, and what they guarantee.

import type { Related } from '../cluster.ts'
import type { ComponentSpec, Fn } from '../function.ts'
import { type InputComponent, inputComponents } from '../inputs.ts'
import { targetedByOthers } from '../resiliencies.ts'
import { mostReplicas } from '../scaling.ts'
import type { Settings } from '../settings.ts'
import { type Broker, brokers } from './brokers.ts'
import { Metadata } from './metadata.ts'
import { retryPolicy, shortRetryPolicy } from './retries.ts'

const brokerOf = (type: string | undefined): Broker | undefined =>
  type !== undefined && Object.hasOwn(brokers, type) ? brokers[type] : undefined

/** Attempts outlast the broker's patience by this much. Milliseconds. */
const marginMs = 5000
/** For brokers that give an event up when asked to: long enough for a crashed function to be back. Milliseconds. */
const usualPatienceMs = 60_000

/**
 * Where what still failed goes to a dead-letter topic, attempts are over before the broker's patience: it would give the event to another
 * worker while the first one still tries, and daprd before 1.18 cannot publish a dead letter after that.
 */
export const policyOf = (input: InputComponent): object =>
  input.deadLetterTopics.length > 0
    ? shortRetryPolicy(patienceMs(input) - marginMs, ownHoldMs(input))
    : retryPolicy(deliveryMs(input))

/** How long the attempts for one event go on, in milliseconds: longer than the broker waits for them. */
export const deliveryMs = (input: InputComponent): number => patienceMs(input) + marginMs

const patienceMs = ({ type, metadata }: InputComponent): number =>
  brokerOf(type)?.patienceMs?.(new Metadata(metadata)) ?? usualPatienceMs

/** Longest time that an event is held for want of a replica. Milliseconds. */
const longestHoldMs = 30_000

/** A held event that outlives its broker's patience would be held twice. Milliseconds. */
export const holdMs = (fn: Fn, related: Related): number =>
  Math.min(longestHoldMs, ...inputComponents(fn, related).map(ownHoldMs))

/** Each of several attempts may be held. */
const attemptsHeld = 6

function ownHoldMs(input: InputComponent): number {
  const isShort = input.deadLetterTopics.length > 0
  return isShort ? Math.floor(patienceMs(input) / attemptsHeld) : patienceMs(input)
}

/**
 * The metadata of an inline component, with what delivery rests on spelled out where the user does not say it. In standalone mode one
 * daprd takes the events of all replicas, so it is told how many they handle.
 */
export function withDelivery(fn: Fn, { type, metadata }: ComponentSpec, isInput: boolean, settings: Settings) {
  const { defaults = [], capacity = [] } = brokerOf(type) ?? {}
  const number = String(mostReplicas(fn) * settings.function.concurrency)
  const capacities = fn.mode === 'standalone' && isInput ? capacity.map((item) => [item, number] as const) : []
  return [...metadata, ...missing({ defaults: [...defaults, ...capacities] }, metadata)]
}

function missing({ defaults = [] }: Pick<Broker, 'defaults'>, metadata: ComponentSpec['metadata']) {
  const given = new Metadata(metadata)
  return defaults.filter(([name]) => !given.has(name)).map(([name, value]) => ({ name, value }))
}

export interface Guarantee {
  readonly field: string
  readonly kind: 'at least once' | 'lossy' | 'unknown'
  /** Why it is not better, and what to do; what limits it. */
  readonly why: string | undefined
}

/** Of every component that events come from. `isRetried` is false where no Resiliency of ours may be made. */
export function guarantees(fn: Fn, related: Related, isRetried: boolean): Guarantee[] {
  const others = targetedByOthers(fn, related)
  return inputComponents(fn, related).map((input) => {
    const { field, name, type } = input
    const broker = brokerOf(type)
    if (broker === undefined) return { field, kind: 'unknown', why: unknown(name, type) }
    const why = broker.loses(
      new Metadata([...input.metadata, ...(input.isInline ? missing(broker, input.metadata) : [])]),
    )
    if (why !== undefined) return { field, kind: 'lossy', why: `${type}: ${why}` }
    const other = others.get(name)
    if (other !== undefined)
      return { field, kind: 'unknown', why: `Resiliency ${other} decides how often it is tried again` }
    if (input.deadLetterTopics.length > 0) return { field, kind: 'at least once', why: deadLetters(input, isRetried) }
    if (!isRetried && type === 'pubsub.redis') {
      return {
        field,
        kind: 'lossy',
        why: `${type}: a failed event is acknowledged, for no Resiliency of ours retries it`,
      }
    }
    return { field, kind: 'at least once', why: broker.cap ?? cap(fn, input, broker) }
  })
}

const deadLetters = ({ deadLetterTopics }: InputComponent, isRetried: boolean): string => {
  const topics = [...new Set(deadLetterTopics)].join(', ')
  return isRetried
    ? `what still fails after its retries goes to ${topics}`
    : `the first failure goes to ${topics}, for no Resiliency of ours retries it`
}

const unknown = (name: string, type: string | undefined): string =>
  type === undefined
    ? `Component ${name} of the namespace was not seen; is it there, and is the customize hook in use?`
    : `nothing is known of ${type}; read what it does with a failed event`

/** A component of the namespace says itself how many events it takes at a time. */
function cap(fn: Fn, { isInline, metadata, name }: InputComponent, { capacity = [] }: Broker): string | undefined {
  const [item] = capacity
  if (isInline || item === undefined || fn.mode !== 'standalone') return undefined
  return `${item} of Component ${name} (${new Metadata(metadata).text(item) ?? 'its default'}) is the most that all replicas get at a time`
}

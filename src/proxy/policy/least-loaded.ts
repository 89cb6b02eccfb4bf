// Power of two choices: of two random replicas the one on which the event will wait less.

import { at, type Candidate, easedIn, type Policy } from './policy.ts'

/**
 * Latencies that differ by less than this factor count as one: measured ones never agree, and to follow their
 * noise would give one of eight equal replicas several times the work of another. Who has more to do may
 * even look faster: it reads more events at a time. With 2, one of three was 22 % off in 20,000 events of a busy cluster.
 */
const alike = 3

/** A replica never looks more than this many times slower than another: latency is a guess, a queue is a fact. */
const mostSlower = 16

/**
 * The estimate is (events in flight + 1) × latency. Two choices keep the longest queue near log log n without an order or
 * shared state, and avoid the herd that the one least loaded replica of all would attract from several proxies.
 */
export function leastLoadedOfTwo(random: () => number): Policy {
  return (candidates, nowMs) => {
    const count = candidates.length
    if (count === 1) return at(candidates, 0)
    const first = Math.floor(random() * count)
    // Of the others, so that the two are never the same one.
    const second = (first + 1 + Math.floor(random() * (count - 1))) % count
    const one = at(candidates, first)
    const other = at(candidates, second)
    return isBetter(other, one, nowMs) ? easedIn(other, one, nowMs, random) : easedIn(one, other, nowMs, random)
  }
}

function isBetter(other: Candidate, one: Candidate, nowMs: number): boolean {
  const slowness = slownessOf(other.load.latencyMs(nowMs), one.load.latencyMs(nowMs))
  return (other.load.busy(nowMs) + 1) * slowness < one.load.busy(nowMs) + 1
}

/** How many times slower than `one` the other is. Nothing is said against a replica of which nothing is known. */
function slownessOf(otherMs: number, oneMs: number): number {
  if (otherMs === 0 || oneMs === 0) return 1
  const ratio = otherMs / oneMs
  if (ratio < alike && ratio > 1 / alike) return 1
  return Math.min(Math.max(ratio, 1 / mostSlower), mostSlower)
}

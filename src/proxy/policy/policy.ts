// Which replica gets this event: a policy is a function from those that could to one of them.

/** What a policy knows of a replica. */
export interface Candidate {
  readonly address: string
  readonly load: Busyness
  /** From 0.1 to 1: the part of its share that it may have while it is new. */
  weight(nowMs: number): number
}

export interface Busyness {
  /** Events in flight, and recent failures as if they still were. */
  busy(nowMs: number): number
  /** 0 while nothing is known. */
  latencyMs(nowMs: number): number
}

/** `candidates` is never empty. `key` is the partition key of the event, for a policy that asked for it. */
export type Policy = <C extends Candidate>(candidates: readonly C[], nowMs: number, key?: string) => C

/**
 * `chosen`, or `other` in its place while `chosen` is new, `other` is not, and chance is against it. Among those that are new
 * nobody is held back: somebody has to do the work, and of replicas that begin together one is ready a second before the rest.
 */
export function easedIn<C extends Candidate>(chosen: C, other: C, nowMs: number, random: () => number): C {
  const weight = chosen.weight(nowMs)
  if (weight === 1 || other.weight(nowMs) < 1) return chosen
  return random() < weight ? chosen : other
}

/** The element at an index that is known to be within the list. */
export const at = <C>(list: readonly C[], index: number): C => list[index] as C

// Which replica gets this event: a policy is a function from candidates to one of them.

export interface Loaded {
  /** Events that it works on now. */
  inFlight: number
}

/** `candidates` is never empty. */
export type Pick = <R extends Loaded>(candidates: readonly R[]) => R

/**
 * Power of two choices: of two random ones the less loaded. It needs no order and no shared state, and keeps the
 * longest queue near log log n. `random` gives a number in [0, 1).
 */
export function leastLoadedOfTwo(random: () => number): Pick {
  return (candidates) => {
    const count = candidates.length
    const first = Math.floor(random() * count)
    // Of the others, so that the two are never the same one.
    const second = (first + 1 + Math.floor(random() * (count - 1))) % count
    const one = at(candidates, first)
    const other = at(candidates, second)
    return other.inFlight < one.inFlight ? other : one
  }
}

/** A replica that was chosen for one event, counted as busy until it is released. */
export interface Lease<R> {
  readonly replica: R
  release(): void
}

/** Undefined if every candidate is in `except`. */
export function lease<R extends Loaded>(
  pick: Pick,
  candidates: readonly R[],
  except: ReadonlySet<R>,
): Lease<R> | undefined {
  const free = except.size === 0 ? candidates : candidates.filter((candidate) => !except.has(candidate))
  if (free.length === 0) return undefined
  const replica = pick(free)
  replica.inFlight += 1
  return {
    replica,
    release() {
      replica.inFlight -= 1
    },
  }
}

function at<R>(list: readonly R[], index: number): R {
  return list[index] as R
}

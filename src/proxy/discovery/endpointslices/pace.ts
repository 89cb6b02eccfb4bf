// How long to wait before the next attempt: hardly at all after a good one, ever longer while nothing comes, a minute after a no.

const firstMs = 100
const longestMs = 10_000
const afterRefusalMs = 60_000

export interface Attempt {
  /** It brought something, or lived long enough to. */
  readonly isGood: boolean
  /** Its watch was answered, but with something from which it cannot go on. */
  readonly isUnusable: boolean
  /** The status of a Refusal. */
  readonly status: number | undefined
}

export interface Pace {
  /** It may not read EndpointSlices, or has no account. */
  readonly isRefused: boolean
  /** Attempts in a row that brought nothing. */
  readonly inARow: number
  readonly waitMs: number
}

/** Half of each wait is chance, so that all the proxies of a cluster do not come back at once. */
export function createPace(random: () => number): (attempt: Attempt) => Pace {
  let inARow = 0
  let wasUnusable = false
  let lastStatus: number | undefined
  return ({ isGood, isUnusable, status }) => {
    // An API server that comes back has mostly forgotten our version. The list that this needs does not wait, the first time.
    const beginsAnew = isUnusable && !wasUnusable
    inARow = nextInARow(isGood, beginsAnew, inARow)
    wasUnusable = !isGood && (wasUnusable || isUnusable)
    const isRefused = isFinal(status, lastStatus)
    lastStatus = status
    const baseMs = isRefused ? afterRefusalMs : Math.min(longestMs, firstMs * 2 ** Math.max(0, inARow - 1))
    return { isRefused, inARow, waitMs: baseMs * (0.5 + random() / 2) }
  }
}

function nextInARow(isGood: boolean, beginsAnew: boolean, inARow: number): number {
  if (isGood) return 0
  return beginsAnew ? 1 : inARow + 1
}

/** No right, no such API, no account; or twice no valid token, which is read anew each time. */
function isFinal(status: number | undefined, before: number | undefined): boolean {
  return status === 403 || status === 404 || status === 0 || (status === 401 && before === 401)
}

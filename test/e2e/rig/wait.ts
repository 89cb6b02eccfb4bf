// Waiting for conditions, always with a bound: no scenario sleeps and hopes.
export interface Patience {
  readonly seconds: number
  /** Time between two looks. */
  readonly everyMs?: number
}

/** Looks until `look` gives something other than undefined or false, and says what was awaited if it never does. */
export async function until<T>(
  what: string,
  patience: Patience,
  look: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> {
  const deadline = Date.now() + patience.seconds * 1000
  let lastError: unknown
  for (;;) {
    try {
      const seen = await look()
      if (seen !== undefined && seen !== false) return seen
      lastError = undefined
    } catch (error) {
      lastError = error
    }
    if (Date.now() >= deadline) break
    await pause(patience.everyMs ?? 100)
  }
  const because = lastError === undefined ? '' : ` (last error: ${(lastError as Error).message})`
  throw new Error(`not within ${patience.seconds} s: ${what}${because}`)
}

/** Time that belongs to a scenario's meaning (an outage of 30 s, 60 s of quiet), never a guess. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

// What every part of the suite hands back: a check by name, and what was wrong if it failed.

export interface Check {
  readonly name: string
  /** Why it failed; without it the check passed. */
  readonly problem?: string
}

/** Runs one after the other; an error is the problem of its check alone. */
export async function runChecks(checks: Readonly<Record<string, () => Promise<void>>>): Promise<Check[]> {
  const done: Check[] = []
  for (const [name, run] of Object.entries(checks)) {
    let timer: NodeJS.Timeout | undefined
    const tooLong = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`not within ${longestMs / 1000} s`)), longestMs)
    })
    try {
      await Promise.race([run(), tooLong])
      done.push({ name })
    } catch (error) {
      done.push({ name, problem: (error as Error).message })
    } finally {
      clearTimeout(timer)
    }
  }
  return done
}

/** So long may one check take on a busy machine. */
const longestMs = 60_000

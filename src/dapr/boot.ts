// Tells a replica that is still starting from one that has answered: the same 404 means two things.

/** How long a replica may answer "no such route" before that is taken for its answer, in milliseconds. */
const bootMs = 10_000

export interface BootWatch {
  /** The replica could be reached; the first time starts its boot. */
  connected(): void
  /** It could not be reached: whatever listens there next is a new start. */
  unreachable(): void
  /** True while "no such route" only says that the replica has not registered its routes yet. */
  isBooting(): boolean
  /** It has answered something else, be it to an event or an invocation: from now on its word counts. */
  answered(): void
}

export function createBootWatch(now: () => number): BootWatch {
  let connectedAt: number | undefined
  let hasAnswered = false
  return {
    connected() {
      connectedAt ??= now()
    },
    unreachable() {
      connectedAt = undefined
      hasAnswered = false
    },
    isBooting: () => !hasAnswered && (connectedAt === undefined || now() - connectedAt < bootMs),
    answered() {
      hasAnswered = true
    },
  }
}

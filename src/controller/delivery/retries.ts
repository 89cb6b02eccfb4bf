// How often daprd tries an event again so that its attempts surely last for a given time.

/** Longest wait between two attempts, in milliseconds. */
export const longestPauseMs = 10_000
// The pauses of daprd's exponential policy (dapr kit/retry): 500 ms, half as much more each time, each off by up to a half.
const firstPauseMs = 500
const growth = 1.5
const leastShare = 0.5
const mostShare = 1.5

/** An exponential policy ends after 15 minutes whatever its number of retries says, and there is no field for that. */
const exponentialEndsMs = 14 * 60_000

/** The retry policy of a Resiliency whose attempts go on for at least `wholeMs`, however the pauses fall. */
export function retryPolicy(wholeMs: number): object {
  if (wholeMs > exponentialEndsMs) {
    const maxRetries = Math.ceil(wholeMs / longestPauseMs)
    return { policy: 'constant', duration: `${longestPauseMs / 1000}s`, maxRetries }
  }
  return { policy: 'exponential', maxInterval: `${longestPauseMs / 1000}s`, maxRetries: retriesFor(wholeMs) }
}

/**
 * The retry policy whose attempts are over within `wholeMs`, however the pauses fall, where each of them takes `attemptMs`. At least
 * one retry.
 */
export function shortRetryPolicy(wholeMs: number, attemptMs: number): object {
  let retries = 0
  let pauseMs = firstPauseMs
  for (let sureMs = attemptMs; sureMs <= wholeMs; retries += 1) {
    sureMs += pauseMs * mostShare + attemptMs
    pauseMs = Math.min(pauseMs * growth, longestPauseMs)
  }
  return { policy: 'exponential', maxInterval: `${longestPauseMs / 1000}s`, maxRetries: Math.max(1, retries - 1) }
}

/** The least number of retries of an exponential policy that surely take `wholeMs`. */
export function retriesFor(wholeMs: number): number {
  let retries = 0
  let pauseMs = firstPauseMs
  for (let sureMs = 0; sureMs < wholeMs; retries += 1) {
    sureMs += pauseMs * leastShare
    pauseMs = Math.min(pauseMs * growth, longestPauseMs)
  }
  return retries
}

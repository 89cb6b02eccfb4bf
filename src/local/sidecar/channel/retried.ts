// A question to the app that a sidecar repeats a few times when the connection fails, and never because of its answer.

import { setTimeout as sleep } from 'node:timers/promises'

const firstDelayMs = 500
const maxDelayMs = 1000
const retries = 3

/** Rejects with the last failure. */
export async function retried<T>(
  ask: () => Promise<T>,
  isFinal: (error: unknown) => boolean = () => false,
): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await ask()
    } catch (error) {
      if (attempt >= retries || isFinal(error)) throw error
      await sleep(Math.min(firstDelayMs * 1.5 ** attempt, maxDelayMs))
    }
  }
}

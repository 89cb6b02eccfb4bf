// Load that goes on in the background while something else happens to the product.
import type { Ledger } from '../ledger/ledger.ts'
import { publish } from '../ledger/publisher.ts'

export interface Load {
  /** Ends it; resolves when the last event is in the ledger. */
  end(): Promise<void>
}

/** Publishes at a steady rate until it is ended; a broker that is away only delays it. */
export function startEvents(ledger: Ledger, topic: string, rate: number, prefix: string): Load {
  let isEnding = false
  const work = async () => {
    for (let round = 0; !isEnding; round += 1) {
      await publish(ledger, topic, { count: Math.max(1, rate / 2), rate, prefix: `${prefix}-${round}` })
    }
  }
  const done = work()
  // Reported by end(); it must not end the process before.
  done.catch(() => undefined)
  return {
    end: () => {
      isEnding = true
      return done
    },
  }
}

export interface Calls extends Load {
  readonly answered: number
  readonly errors: readonly string[]
}

/** Calls a URL at a steady rate, each call on a connection of its own, as many different callers would. */
export function startCalls(url: string, rate: number): Calls {
  const errors: string[] = []
  const seen = { answered: 0 }
  let isEnding = false
  const call = async () => {
    const headers = { 'content-type': 'application/json', connection: 'close' }
    try {
      const response = await fetch(url, { method: 'POST', headers, body: '{}', signal: AbortSignal.timeout(10_000) })
      await response.arrayBuffer()
      if (response.ok) seen.answered += 1
      else errors.push(`${response.status}`)
    } catch (error) {
      errors.push(String((error as Error).cause ?? error))
    }
  }
  const work = async () => {
    const pending = new Set<Promise<void>>()
    const startedAt = Date.now()
    for (let sent = 0; !isEnding; sent += 1) {
      const one = call().finally(() => pending.delete(one))
      pending.add(one)
      const dueMs = startedAt + ((sent + 1) / rate) * 1000
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, dueMs - Date.now())))
    }
    await Promise.all(pending)
  }
  const done = work()
  return {
    errors,
    get answered() {
      return seen.answered
    },
    end: () => {
      isEnding = true
      return done
    },
  }
}

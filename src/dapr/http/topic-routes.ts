// Where a replica wants the events of a topic: frameworks differ, so the replica is asked as daprd would ask it.

import { topicPath } from '../inputs.ts'
import type { HttpReply } from './message.ts'

// A list that lacks a topic is asked for again: the replica may register it while it boots, and hardly later. Milliseconds.
const firstPauseMs = 1000
const longestPauseMs = 60_000

export interface TopicRoutes {
  /** The path on this replica. Falls back to `/<topic>`, as OpenFunction's Go framework registers it. */
  pathOf(pubsub: string, topic: string): Promise<string>
  /** The same at once; undefined if the replica has to be asked first. */
  knownPathOf(pubsub: string, topic: string): string | undefined
  forget(): void
}

/** `ask` fetches `/dapr/subscribe` of the replica; it rejects if the replica cannot be reached. */
export function createTopicRoutes(ask: () => Promise<HttpReply | undefined>, now: () => number): TopicRoutes {
  let known: ReadonlyMap<string, string> = new Map()
  let askAgainAtMs = Number.NEGATIVE_INFINITY
  let pauseMs = firstPauseMs
  let asking: Promise<void> | undefined

  const refresh = async () => {
    const reply = await ask()
    known = reply === undefined ? known : readSubscriptions(reply)
    askAgainAtMs = now() + pauseMs
    pauseMs = Math.min(pauseMs * 2, longestPauseMs)
  }

  const fallbacks = new Map<string, string>()
  const fallbackOf = (topic: string): string => {
    const path = fallbacks.get(topic) ?? topicPath(topic)
    fallbacks.set(topic, path)
    return path
  }

  return {
    async pathOf(pubsub, topic) {
      const key = `${pubsub}/${topic}`
      if (!known.has(key) && now() >= askAgainAtMs) {
        asking ??= refresh().finally(() => {
          asking = undefined
        })
        await asking
      }
      return known.get(key) ?? fallbackOf(topic)
    },
    knownPathOf(pubsub, topic) {
      const path = known.get(`${pubsub}/${topic}`)
      return path === undefined && now() < askAgainAtMs ? fallbackOf(topic) : path
    },
    forget() {
      known = new Map()
      askAgainAtMs = Number.NEGATIVE_INFINITY
      pauseMs = firstPauseMs
    },
  }
}

interface Subscription {
  readonly pubsubname?: unknown
  readonly topic?: unknown
  readonly route?: unknown
  readonly routes?: { readonly default?: unknown }
}

/** Reads the list that daprd reads. Rules with a match are passed over: the event was matched before it came here. */
function readSubscriptions(reply: HttpReply): ReadonlyMap<string, string> {
  const routes = new Map<string, string>()
  if (reply.status !== 200) return routes
  for (const entry of parseList(reply.body)) {
    const route = entry?.routes?.default ?? entry?.route
    if (typeof route === 'string' && route !== '') {
      routes.set(`${entry?.pubsubname}/${entry?.topic}`, route.startsWith('/') ? route : `/${route}`)
    }
  }
  return routes
}

function parseList(body: Buffer): (Subscription | null)[] {
  try {
    const json: unknown = JSON.parse(body.toString())
    return Array.isArray(json) ? json : []
  } catch {
    return []
  }
}

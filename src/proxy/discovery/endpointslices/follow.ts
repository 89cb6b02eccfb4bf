// List, then watch: keeps a SliceTable in step with the API server, through cuts, outages and expired versions, until stopped.

import { reason } from '../../../shared/log.ts'
import { type ApiServer, Refusal } from './api-server.ts'
import { createLines } from './lines.ts'
import { createPace } from './pace.ts'
import type { SliceTable } from './slice-table.ts'

export interface Follow {
  readonly namespace: string
  readonly service: string
  readonly api: ApiServer
  readonly table: SliceTable
  readonly signal: AbortSignal
  readonly clock: Clock
  /** The table may have changed. */
  onNews(): void
  /** The watch is answered, so the table is in step from here on. */
  onOpen(): void
  onFailure(failure: Failure): void
}

export interface Clock {
  /** Milliseconds that only go forward. */
  now(): number
  /** From 0 to below 1. */
  random(): number
}

export interface Failure {
  readonly reason: string
  /** The account may not read EndpointSlices, or there is none. It is tried again after about a minute. */
  readonly isRefused: boolean
  /** Attempts in a row that brought nothing. */
  readonly inARow: number
}

/** What an attempt begins with. `list-anew` takes the word of etcd itself, whatever was known before. */
type Step = 'list' | 'list-anew' | 'watch'

interface Ending {
  readonly next: Step
  /** The watch brought something, or lived long enough to. */
  readonly isGood: boolean
  readonly error?: unknown
}

/** The slice controller keeps an object far below the 1.5 MiB that etcd takes; JSON may need more than etcd's encoding. */
const maxLineBytes = 8 * 1024 * 1024
const maxListBytes = 64 * 1024 * 1024
const listWithinMs = 30_000
/** A connection that is so silent may be dead, and going on costs one request. Bookmarks, about one a minute where an API server sends them, spare it. */
const silentMs = 150_000
const goodWatchMs = 30_000

export async function followSlices(follow: Follow): Promise<void> {
  const { signal, clock, onFailure } = follow
  const pace = createPace(clock.random)
  let step: Step = 'list'
  while (!signal.aborted) {
    const { next, isGood, error } = await attempt(follow, step)
    if (signal.aborted) return
    step = next
    const status = error instanceof Refusal ? error.status : undefined
    const { isRefused, inARow, waitMs } = pace({ isGood, isUnusable: error instanceof Unusable, status })
    if (error !== undefined) onFailure({ reason: reason(error), isRefused, inARow })
    await pause(waitMs, signal)
  }
}

/** One list, if it needs one, and one watch. Never throws. */
async function attempt(follow: Follow, step: Step): Promise<Ending> {
  const { table, clock } = follow
  let at = step
  let isGood = false
  let openedAt = Number.POSITIVE_INFINITY
  const livedLong = () => clock.now() - openedAt >= goodWatchMs
  try {
    if (at !== 'watch') {
      if (!table.replace(await list(follow, at), at === 'list-anew')) return { next: 'list-anew', isGood }
      at = 'watch'
      follow.onNews()
    }
    await watch(follow, {
      onOpen() {
        openedAt = clock.now()
        follow.onOpen()
      },
      onEvent() {
        isGood = true
      },
    })
    return { next: 'watch', isGood: isGood || livedLong() }
  } catch (error) {
    if (error instanceof Refusal || error instanceof Unusable)
      return { next: afterAnswer(error, at), isGood: false, error }
    // A connection that broke says nothing about the version: the watch goes on where it was.
    return { next: at, isGood: isGood || livedLong(), error }
  }
}

function afterAnswer(error: Refusal | Unusable, at: Step): Step {
  if (at === 'watch') return 'list'
  // 410: this version has been forgotten. 504: this API server has not come so far, or never will (etcd was restored).
  return error instanceof Refusal && (error.status === 410 || error.status === 504) ? 'list-anew' : at
}

/** A watch that is answered, but with something from which it cannot go on. */
class Unusable extends Error {}

const pathOf = ({ namespace, service }: Follow, query: Readonly<Record<string, string>>): string =>
  `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices?${new URLSearchParams({
    labelSelector: `kubernetes.io/service-name=${service}`,
    ...query,
  })}`

/** The first list takes what the API server has at hand; the next ones nothing older than what is known. */
async function list(follow: Follow, step: 'list' | 'list-anew'): Promise<unknown> {
  const path = pathOf(follow, step === 'list-anew' ? {} : { resourceVersion: follow.table.version || '0' })
  const pieces: Buffer[] = []
  let length = 0
  const onBytes = (bytes: Buffer) => {
    length += bytes.length
    if (length > maxListBytes) throw new Error(`a list of more than ${maxListBytes} bytes`)
    pieces.push(bytes)
  }
  await follow.api.ask(path, { onBytes, silentMs: listWithinMs, deadlineMs: listWithinMs }, follow.signal)
  return JSON.parse(Buffer.concat(pieces, length).toString())
}

async function watch(follow: Follow, on: { onOpen(): void; onEvent(): void }): Promise<void> {
  const timeoutSeconds = 300 + Math.floor(follow.clock.random() * 301)
  const path = pathOf(follow, {
    watch: 'true',
    allowWatchBookmarks: 'true',
    resourceVersion: follow.table.version,
    timeoutSeconds: String(timeoutSeconds),
  })
  let hasNews = false
  const take = createLines((line) => {
    hasNews = applyLine(follow.table, line) || hasNews
    on.onEvent()
  }, maxLineBytes)
  const onBytes = (bytes: Buffer) => {
    try {
      take(bytes)
    } catch (error) {
      throw new Unusable(reason(error))
    } finally {
      // Once for all the events that came together.
      if (hasNews) follow.onNews()
      hasNews = false
    }
  }
  const deadlineMs = (timeoutSeconds + 30) * 1000
  await follow.api.ask(path, { onOpen: on.onOpen, onBytes, silentMs, deadlineMs }, follow.signal)
}

/** True if it may have changed a slice. Throws at what is no event, and at ERROR. */
function applyLine(table: SliceTable, line: string): boolean {
  const { type, object } = JSON.parse(line) as { type: string; object: unknown }
  if (type === 'ERROR') {
    const { code, message } = (object ?? {}) as { code?: unknown; message?: unknown }
    throw new Error(`the watch ended with ${String(code)} ${String(message).slice(0, 300)}`)
  }
  table.apply(type, object)
  return type !== 'BOOKMARK'
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
  })
}

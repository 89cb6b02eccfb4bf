// Bulk events: many in one request, each with an answer of its own.

import type { Verdict } from '../event.ts'
import { headerValue } from '../header-list.ts'
import { entryVerdict } from './answers.ts'
import type { HttpReply, HttpRequest } from './message.ts'

/** The entry ids of a bulk event; undefined if it is a single event. daprd sends both to the path of the topic, and only a single one as a CloudEvent. */
export function bulkEntryIds({ headers, body }: HttpRequest): readonly string[] | undefined {
  if (!headerValue(headers, 'content-type')?.toLowerCase().startsWith('application/json')) return undefined
  // Raw payloads are JSON as well: only what may be bulk is worth taking apart.
  if (!body.includes('"entryId"')) return undefined
  const entries = field(parse(body), 'entries')
  if (!Array.isArray(entries)) return undefined
  const ids = entries.map((entry) => field(entry, 'entryId'))
  return ids.every((id) => typeof id === 'string') ? ids : undefined
}

export interface BulkAnswer {
  readonly verdict: Verdict
  readonly reply: HttpReply
}

/** The answer with a word on every entry: one that the function leaves out is to be delivered again. Untouched if none is left out. */
export function withEveryEntry(ids: readonly string[], reply: HttpReply): BulkAnswer {
  const said = field(parse(reply.body), 'statuses')
  const statuses: unknown[] = Array.isArray(said) ? said : []
  const named = new Set(statuses.map((each) => field(each, 'entryId')))
  const missing = ids.filter((id) => !named.has(id)).map((entryId) => ({ entryId, status: 'RETRY' }))
  const verdicts = new Set([...statuses, ...missing].map((each) => entryVerdict(field(each, 'status'))))
  const verdict = verdicts.has('retry') ? 'retry' : verdicts.has('drop') ? 'drop' : 'success'
  if (missing.length === 0) return { verdict, reply }
  const body = Buffer.from(JSON.stringify({ statuses: [...statuses, ...missing] }))
  return { verdict, reply: { ...reply, body } }
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString())
  } catch {
    return undefined
  }
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}

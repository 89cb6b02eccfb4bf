// Bulk events: many in one request, each with an answer of its own.

import type { Verdict } from '../event.ts'
import { headerValue } from '../header-list.ts'
import { entryVerdict } from './answers.ts'
import { jsonField, parseJson } from './go-json.ts'
import type { HttpReply, HttpRequest } from './message.ts'

/** The entry ids of a bulk event; undefined if it is a single event. daprd sends both to the path of the topic, and only a single one as a CloudEvent. */
export function bulkEntryIds({ headers, body }: HttpRequest): readonly string[] | undefined {
  if (!headerValue(headers, 'content-type')?.toLowerCase().startsWith('application/json')) return undefined
  // Raw payloads are JSON as well: only what may be bulk is worth taking apart.
  if (!body.includes('"entryId"')) return undefined
  const entries = jsonField(parseJson(body), 'entries')
  if (!Array.isArray(entries)) return undefined
  const ids = entries.map((entry) => jsonField(entry, 'entryid'))
  return ids.every((id) => typeof id === 'string') ? ids : undefined
}

export interface BulkAnswer {
  readonly verdict: Verdict
  readonly reply: HttpReply
}

/**
 * The answer with a word on every entry: one that the function leaves out is to be delivered again, as daprd would have it without
 * our word. Untouched if none is left out, or if it is compressed: then it is taken for a success, as its status says.
 */
export function withEveryEntry(ids: readonly string[], reply: HttpReply): BulkAnswer {
  if (isCompressed(reply)) return { verdict: 'success', reply }
  const said = jsonField(parseJson(reply.body), 'statuses')
  const statuses: unknown[] = Array.isArray(said) ? said : []
  const named = new Set(statuses.map((each) => jsonField(each, 'entryid')))
  const missing = ids.filter((id) => !named.has(id)).map((entryId) => ({ entryId, status: 'RETRY' }))
  const verdicts = new Set([...statuses, ...missing].map((each) => entryVerdict(jsonField(each, 'status'))))
  const verdict = verdicts.has('retry') ? 'retry' : verdicts.has('drop') ? 'drop' : 'success'
  if (missing.length === 0) return { verdict, reply }
  const body = Buffer.from(JSON.stringify({ statuses: [...statuses, ...missing] }))
  return { verdict, reply: { ...reply, body } }
}

/** Go asks for gzip wherever daprd does not. */
const isCompressed = ({ headers }: HttpReply): boolean =>
  (headerValue(headers, 'content-encoding') ?? 'identity').toLowerCase() !== 'identity'

// Bulk events: many in one call, each with an answer of its own.

import type { Verdict } from '../event.ts'
import { statusVerdict } from './answers.ts'
import { firstMessage, readFields, readMessages } from './wire.ts'

// Field numbers of TopicEventBulkRequest, TopicEventBulkResponse, and the entries of both (appcallback.proto).
const requestEntries = 2
const replyEntries = 1
const entryId = 1
const entryStatus = 2

/**
 * What daprd will take the answer for: the worst of its entries. One that is left out is to be delivered again (dapr postman/grpc
 * DeliverBulk), so nobody has to fill it in here. Of an answer that was too long to be withheld, `reply` is the beginning: the
 * entries in it speak for all. One that is compressed is taken for a success, as its status says.
 */
export function bulkVerdict(request: Buffer, reply: Buffer): Verdict {
  if (reply[0] === 1) return 'success'
  const whole = reply.length === 0 ? nothing : firstMessage(reply)
  const named = new Set<string | number>()
  let verdict: Verdict = 'success'
  for (const entry of readMessages(whole ?? reply.subarray(5), replyEntries)) {
    const [id = '', status] = readFields(entry, [entryId, entryStatus]) ?? []
    named.add(id)
    const said = statusVerdict(status)
    if (said === 'retry') return said
    if (said === 'drop') verdict = said
  }
  return whole !== undefined && isAnyLeftOut(request, named) ? 'retry' : verdict
}

function isAnyLeftOut(request: Buffer, named: ReadonlySet<string | number>): boolean {
  for (const entry of readMessages(firstMessage(request) ?? nothing, requestEntries)) {
    const [id = ''] = readFields(entry, [entryId]) ?? []
    if (!named.has(id)) return true
  }
  return false
}

const nothing = Buffer.alloc(0)

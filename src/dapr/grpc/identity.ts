// What an event of a topic says of itself: the attributes of its CloudEvent, read from TopicEventRequest.

import type { Identity } from '../event.ts'
import { headerValue } from '../header-list.ts'
import type { GrpcRequest } from './message.ts'
import { isBulk } from './methods.ts'
import { type FieldValue, firstMessage, readFields, readMessages } from './wire.ts'

// Field numbers of TopicEventRequest and TopicEventBulkRequest (appcallback.proto).
const idField = 1
// Of a single event, as are those below: a bulk event has its entries there.
const sourceField = 2
const pathField = 9
const extensionsField = 10
// Of google.protobuf.Struct and Value in the extensions.
const structFields = 1
const entryKey = 1
const entryValue = 2
const stringValue = 3

/** Metadata in which a broker gives the key of a message (components-contrib: pubsub.kafka, pubsub.pulsar). */
const brokerKey = '__key'

/** Empty for a message that cannot be read, like one that is compressed. */
export function identityOf({ path, headers, body }: GrpcRequest): Identity {
  const message = firstMessage(body)
  const fields = message && readFields(message, isBulk(path) ? [idField] : [idField, sourceField, pathField])
  if (!message || !fields) return {}
  const [id, source, ownPath] = fields
  const key = isBulk(path) ? undefined : extension(message, 'partitionkey')
  return {
    id: textOf(id),
    source: textOf(source),
    path: textOf(ownPath),
    partitionKey: key ?? headerValue(headers, brokerKey),
  }
}

const textOf = (value: FieldValue) => (typeof value === 'string' && value !== '' ? value : undefined)

function extension(message: Buffer, name: string): string | undefined {
  for (const struct of readMessages(message, extensionsField)) {
    for (const entry of readMessages(struct, structFields)) {
      if (readFields(entry, [entryKey])?.[0] !== name) continue
      const value = [...readMessages(entry, entryValue)].at(-1)
      const text = value && readFields(value, [stringValue])?.[0]
      if (typeof text === 'string') return text
    }
  }
  return undefined
}

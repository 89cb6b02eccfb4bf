// The envelope that a sidecar puts around what is published, and around what arrives without one.

import { randomBytes, randomUUID } from 'node:crypto'
import { ApiError } from './api-error.ts'

export type CloudEvent = Readonly<Record<string, unknown>>

export interface Publication {
  readonly pubsub: string
  readonly topic: string
  readonly data: Buffer
  readonly contentType: string
  /** The app that publishes. */
  readonly source: string
  readonly traceparent?: string | undefined
}

/** A CloudEvent in JSON: a new one around the data, or the publisher's own with what it lacks filled in. */
export function cloudEvent(publication: Publication): Buffer {
  const { data, pubsub, topic, source } = publication
  const type = baseType(publication.contentType) || 'text/plain'
  const traceparent = publication.traceparent ?? newTraceparent()
  const common = {
    id: randomUUID(),
    pubsubname: pubsub,
    source,
    specversion: '1.0',
    time: new Date().toISOString(),
    topic,
    traceid: traceparent,
    traceparent,
    tracestate: '',
    type: 'com.dapr.event.sent',
  }
  if (type === 'application/cloudevents+json') {
    const own = parseObject(data)
    if (own === undefined) throw ApiError.malformed('the data is not a CloudEvent in JSON')
    // Where it came from is the sidecar's to say, whatever the publisher wrote.
    return toJson({ ...common, ...own, pubsubname: pubsub, topic })
  }
  const content = contentOf(data, type)
  if (content === undefined) throw ApiError.malformed(`the data is not what its content type says (${type})`)
  return toJson({ ...common, datacontenttype: publication.contentType || 'text/plain', ...content })
}

/** The envelope around an event that was published raw, made anew at each delivery. */
export function rawEnvelope(data: Buffer, pubsub: string, topic: string): Buffer {
  return toJson({
    data_base64: data.toString('base64'),
    datacontenttype: 'application/octet-stream',
    id: randomUUID(),
    pubsubname: pubsub,
    source: 'Dapr',
    specversion: '1.0',
    topic,
    type: 'com.dapr.event.sent',
  })
}

export function parseObject(data: Buffer): CloudEvent | undefined {
  try {
    const value: unknown = JSON.parse(data.toString())
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as CloudEvent) : undefined
  } catch {
    return undefined
  }
}

export const baseType = (contentType: string): string => (contentType.split(';')[0] ?? '').trim().toLowerCase()

export const isJsonType = (type: string): boolean => type === 'application/json' || type.endsWith('+json')

function contentOf(data: Buffer, type: string): CloudEvent | undefined {
  if (type === 'application/octet-stream' || type === 'application/cloudevents+protobuf') {
    return { data_base64: data.toString('base64') }
  }
  if (!isJsonType(type)) return { data: data.toString() }
  try {
    return { data: JSON.parse(data.toString()) }
  } catch {
    return undefined
  }
}

const newTraceparent = (): string => `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`

// Sorted keys, as a sidecar writes them.
const toJson = (event: CloudEvent): Buffer =>
  Buffer.from(JSON.stringify(Object.fromEntries(Object.entries(event).sort(([a], [b]) => (a < b ? -1 : 1)))))

// Events of the HTTP app channel: from the request to what the function gets, and from its result to the reply.

import type { Event, Verdict } from '../../dapr/event.ts'
import { jsonReply } from '../../dapr/http/answers.ts'
import type { HttpReply, HttpRequest } from '../../dapr/http/message.ts'
import type { EventSource } from '../context.ts'
import { decodeByContent, decodeData } from '../payload.ts'
import type { AnswerEvent } from './answer-event.ts'
import type { EventResult, RunEvent } from './run-event.ts'

export function createHttpHandler(run: RunEvent): AnswerEvent<HttpRequest, HttpReply> {
  return async (event) => {
    const { kind } = event.route
    // The function is the app here, so a missing route is its own to report.
    if (kind === 'invoke') return answered('failed', failure(404, 'this function serves events alone'))
    if (event.message.method !== 'POST') return answered('failed', failure(405, 'an event is a POST'))
    const { source, data } = kind === 'topic' ? readTopicEvent(event) : readBindingEvent(event)
    const result = await run(source, data)
    return answered(result.verdict, kind === 'topic' ? topicReply(result) : bindingReply(result))
  }
}

const answered = (verdict: Verdict, reply: HttpReply) => ({ verdict, reply })

interface Reading {
  readonly source: EventSource
  readonly data: unknown
}

function readBindingEvent({ route, message }: Event<HttpRequest>): Reading {
  const source: EventSource = { kind: 'binding', component: route.name, attributes: {}, metadata: metadataOf(message) }
  // daprd says application/json whatever the binding sent.
  return { source, data: decodeByContent(message.body) }
}

function readTopicEvent({ route, message }: Event<HttpRequest>): Reading {
  const metadata = metadataOf(message)
  const envelope = envelopeOf(message.body, metadata)
  const { pubsub: component = route.name, topic = '' } = route
  if (envelope === undefined) {
    // A CloudEvent in binary mode: the body is its data, and daprd names cloudevents+json as its type all the same.
    return {
      source: { kind: 'topic', component, topic, attributes: {}, metadata },
      data: decodeByContent(message.body),
    }
  }
  const { data, data_base64, ...attributes } = envelope
  return { source: { kind: 'topic', component, topic, attributes, metadata }, data: dataOf(envelope) }
}

type Envelope = Readonly<Record<string, unknown>>

function envelopeOf(body: Buffer, metadata: Readonly<Record<string, string>>): Envelope | undefined {
  if (metadata.ce_specversion !== undefined || metadata['ce-specversion'] !== undefined) return undefined
  let json: unknown
  try {
    json = JSON.parse(body.toString())
  } catch {
    return undefined
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return undefined
  const isEnvelope = ['specversion', 'data', 'data_base64'].some((attribute) => Object.hasOwn(json, attribute))
  return isEnvelope ? (json as Envelope) : undefined
}

function dataOf(envelope: Envelope): unknown {
  if (Object.hasOwn(envelope, 'data')) return envelope.data
  if (typeof envelope.data_base64 !== 'string') return decodeByContent(Buffer.alloc(0))
  const contentType = typeof envelope.datacontenttype === 'string' ? envelope.datacontenttype : undefined
  return decodeData(Buffer.from(envelope.data_base64, 'base64'), contentType)
}

/** The header fields, which is where daprd puts what the broker said. The app's token is not for the function. */
function metadataOf({ headers }: HttpRequest): Record<string, string> {
  const fields: [string, string][] = []
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = (headers[i] as string).toLowerCase()
    if (name !== 'dapr-api-token') fields.push([name, headers[i + 1] as string])
  }
  return Object.fromEntries(fields)
}

const statusOf: Readonly<Record<Verdict, string>> = {
  success: 'SUCCESS',
  drop: 'DROP',
  retry: 'RETRY',
  failed: 'RETRY',
}

const topicReply = ({ verdict }: EventResult): HttpReply => jsonReply({ status: statusOf[verdict] })

function bindingReply({ verdict, reply }: EventResult): HttpReply {
  if (verdict === 'failed') return failure(500, 'the function failed')
  if (verdict === 'retry') return failure(500, 'the function asked for a retry')
  return { status: 200, headers: ['content-type', reply.contentType], body: reply.bytes }
}

const failure = (status: number, error: string): HttpReply => ({ ...jsonReply({ error }), status })

// Events of the gRPC app channel: from the call to what the function gets, and from its result to the reply.

import type { Event } from '../../dapr/event.ts'
import { codes, messageReply, statusReply } from '../../dapr/grpc/answers.ts'
import type { GrpcReply, GrpcRequest } from '../../dapr/grpc/message.ts'
import { firstMessage } from '../../dapr/grpc/wire.ts'
import type { EventSource } from '../context.ts'
import { decodeByContent, decodeData } from '../payload.ts'
import type { AnswerEvent } from './answer-event.ts'
import { type CallbackCodec, structToObject, type TopicEventRequest } from './callback-codec.ts'
import type { EventResult, RunEvent } from './run-event.ts'

// Codes that daprd answers with another delivery, unlike UNIMPLEMENTED, which it takes for "done".
const unknown = 2
const internal = 13

export function createGrpcHandler(run: RunEvent, codec: CallbackCodec): AnswerEvent<GrpcRequest, GrpcReply> {
  return async (event) => {
    const { kind } = event.route
    // The function is the app here, so a missing method is its own to report.
    if (kind === 'invoke') return failed(codes.unimplemented, 'this function serves events alone')
    let reading: Reading
    try {
      reading = kind === 'topic' ? readTopicEvent(event, codec) : readBindingEvent(event, codec)
    } catch {
      return failed(internal, 'the message is compressed or malformed')
    }
    const result = await run(reading.source, reading.data)
    const { verdict } = result
    return {
      verdict,
      reply: kind === 'topic' ? topicReply(result, codec) : bindingReply(result, codec),
    }
  }
}

const failed = (code: number, text: string) => ({ verdict: 'failed', reply: statusReply(code, text) }) as const

interface Reading {
  readonly source: EventSource
  readonly data: unknown
}

function readTopicEvent({ message }: Event<GrpcRequest>, codec: CallbackCodec): Reading {
  const request = codec.topicEvent(messageOf(message))
  const source: EventSource = {
    kind: 'topic',
    component: request.pubsubName,
    topic: request.topic,
    attributes: attributesOf(request),
    metadata: metadataOf(message),
  }
  return { source, data: decodeData(request.data, request.dataContentType) }
}

/** Named as in the CloudEvent itself, so that a function sees the same over HTTP and gRPC. */
function attributesOf(request: TopicEventRequest): Record<string, unknown> {
  const { id, source, type, specVersion: specversion, dataContentType: datacontenttype } = request
  return { id, source, type, specversion, datacontenttype, ...structToObject(request.extensions) }
}

function readBindingEvent({ message }: Event<GrpcRequest>, codec: CallbackCodec): Reading {
  const { name, data, metadata } = codec.bindingEvent(messageOf(message))
  return { source: { kind: 'binding', component: name, attributes: {}, metadata }, data: decodeByContent(data) }
}

function messageOf({ body }: GrpcRequest): Buffer {
  const message = firstMessage(body)
  if (message === undefined) throw new Error('not one uncompressed message')
  return message
}

// Fields of the call itself, and the app's token, which is not for the function.
const notMetadata = new Set([
  'content-type',
  'te',
  'user-agent',
  'grpc-timeout',
  'grpc-accept-encoding',
  'dapr-api-token',
])

function metadataOf({ headers }: GrpcRequest): Record<string, string> {
  const fields: [string, string][] = []
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i] as string
    if (!notMetadata.has(name)) fields.push([name, headers[i + 1] as string])
  }
  return Object.fromEntries(fields)
}

function topicReply({ verdict }: EventResult, codec: CallbackCodec): GrpcReply {
  if (verdict === 'success') return messageReply(codec.topicReply('SUCCESS'))
  return messageReply(codec.topicReply(verdict === 'drop' ? 'DROP' : 'RETRY'))
}

function bindingReply({ verdict, reply }: EventResult, codec: CallbackCodec): GrpcReply {
  if (verdict === 'failed') return statusReply(unknown, 'the function failed')
  if (verdict === 'retry') return statusReply(unknown, 'the function asked for a retry')
  return messageReply(codec.bindingReply(reply.bytes))
}

// The messages of Dapr's app callback that a function sees, decoded by the .proto files themselves.

import { fileURLToPath } from 'node:url'
import { loadSync, type MethodDefinition } from '@grpc/proto-loader'

export interface TopicEventRequest {
  readonly id: string
  readonly source: string
  readonly type: string
  readonly specVersion: string
  readonly dataContentType: string
  readonly topic: string
  readonly data: Buffer
  readonly pubsubName: string
  readonly path: string
  readonly extensions: Struct | null
}

export interface BindingEventRequest {
  readonly name: string
  readonly data: Buffer
  readonly metadata: Readonly<Record<string, string>>
}

/** google.protobuf.Struct as proto-loader decodes it. */
export interface Struct {
  readonly fields?: Readonly<Record<string, Value>>
}

interface Value {
  readonly kind?: string
  readonly numberValue?: number
  readonly stringValue?: string
  readonly boolValue?: boolean
  readonly structValue?: Struct
  readonly listValue?: { readonly values?: readonly Value[] }
}

export interface CallbackCodec {
  /** Throws if the bytes are no such message; so do all. */
  topicEvent(bytes: Buffer): TopicEventRequest
  topicReply(status: 'SUCCESS' | 'RETRY' | 'DROP'): Buffer
  bindingEvent(bytes: Buffer): BindingEventRequest
  bindingReply(data: Buffer): Buffer
}

type Method<Request, Response> = MethodDefinition<Request, Response>

export function loadCallbackCodec(): CallbackCodec {
  const definitions = loadSync('dapr/proto/runtime/v1/appcallback.proto', {
    // Three folders up, from src and from dist alike.
    includeDirs: [fileURLToPath(new URL('../../../proto', import.meta.url))],
    enums: String,
    defaults: true,
    oneofs: true,
  })
  const service = definitions['dapr.proto.runtime.v1.AppCallback'] as unknown as {
    readonly OnTopicEvent: Method<TopicEventRequest, object>
    readonly OnBindingEvent: Method<BindingEventRequest, object>
  }
  const { OnTopicEvent, OnBindingEvent } = service
  return {
    topicEvent: OnTopicEvent.requestDeserialize,
    topicReply: (status) => OnTopicEvent.responseSerialize({ status }),
    bindingEvent: OnBindingEvent.requestDeserialize,
    bindingReply: (data) => OnBindingEvent.responseSerialize({ data }),
  }
}

export function structToObject(struct: Struct | null | undefined): Record<string, unknown> {
  const entries = Object.entries(struct?.fields ?? {})
  return Object.fromEntries(entries.map(([name, value]) => [name, valueToJson(value)]))
}

function valueToJson(value: Value): unknown {
  switch (value.kind) {
    case 'numberValue':
      return value.numberValue
    case 'stringValue':
      return value.stringValue
    case 'boolValue':
      return value.boolValue
    case 'structValue':
      return structToObject(value.structValue)
    case 'listValue':
      return (value.listValue?.values ?? []).map(valueToJson)
    default:
      return null
  }
}

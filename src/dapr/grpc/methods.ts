// The methods of Dapr's app callback that we look at; every other one passes through unseen.

import type { Route } from '../event.ts'
import type { Inputs } from '../inputs.ts'
import { bytesField, type FieldValue, firstMessage, readFields } from './wire.ts'

const service = '/dapr.proto.runtime.v1.AppCallback'

/** daprd asks for the second where the function has not the first; before 1.17 it knows no other (dapr postman/grpc DeliverBulk). */
const bulkPaths = [`${service}/OnBulkTopicEvent`, `${service}Alpha/OnBulkTopicEventAlpha1`] as const

export const methods = {
  listTopicSubscriptions: `${service}/ListTopicSubscriptions`,
  listInputBindings: `${service}/ListInputBindings`,
  onTopicEvent: `${service}/OnTopicEvent`,
  onBindingEvent: `${service}/OnBindingEvent`,
  healthCheck: '/dapr.proto.runtime.v1.AppCallbackHealthCheck/HealthCheck',
} as const

// Field numbers of TopicEventRequest, TopicEventBulkRequest and BindingEventRequest (appcallback.proto).
/** Topic and pub/sub name. */
const topicFields = [6, 8]
const bulkFields = [4, 5]
/** The name. */
const bindingFields = [1]

/** Calls that carry an event: what it is about is in their one message. */
export function isEvent(path: string): boolean {
  return path === methods.onTopicEvent || path === methods.onBindingEvent || isBulk(path)
}

/** A call with many events of a topic. */
export const isBulk = (path: string): boolean => path === bulkPaths[0] || path === bulkPaths[1]

/** That the function has not this method loses nothing: daprd asks for the older one. */
export const hasOlderName = (path: string): boolean => path === bulkPaths[0]

const unknownTopic: Route = { kind: 'topic', name: '' }
const unknownBinding: Route = { kind: 'binding', name: '' }
const invoke: Route = { kind: 'invoke', name: '' }

export type RouteOf = (path: string, body: Buffer) => Route

/** Finds out what a call is about. A topic or binding that the Function does not declare still is one, without a name. */
export function createRouteOf(inputs: Inputs = { topics: [], bindings: [] }): RouteOf {
  const topics = new Map(inputs.topics.map(({ route }) => [route.name, route]))
  const bindings = new Map(inputs.bindings.map(({ route }) => [route.name, route]))
  return (path, body) => {
    const fields = path === methods.onTopicEvent ? topicFields : isBulk(path) ? bulkFields : undefined
    if (fields) {
      const [topic, pubsub] = valuesIn(body, fields)
      return topics.get(`${pubsub}/${topic}`) ?? unknownTopic
    }
    if (path === methods.onBindingEvent) {
      const [name] = valuesIn(body, bindingFields)
      return bindings.get(`${name}`) ?? unknownBinding
    }
    return invoke
  }
}

function valuesIn(body: Buffer, numbers: readonly number[]): FieldValue[] {
  const message = firstMessage(body)
  return (message && readFields(message, numbers)) ?? []
}

/** ListTopicSubscriptionsResponse. daprd needs no route here: it sends pub/sub name and topic with each event. */
export function topicSubscriptions({ topics }: Inputs): Buffer {
  return Buffer.concat(
    topics.map(({ pubsub, topic, deadLetterTopic }) => {
      const deadLetters = deadLetterTopic ? [bytesField(6, deadLetterTopic)] : []
      return bytesField(1, Buffer.concat([bytesField(1, pubsub), bytesField(2, topic), ...deadLetters]))
    }),
  )
}

/** ListInputBindingsResponse */
export function inputBindings({ bindings }: Inputs): Buffer {
  return Buffer.concat(bindings.map(({ component }) => bytesField(1, component)))
}

// The app channel over gRPC, from the sidecar's side.

import { type Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js'
import type { TopicMessage } from '../broker/broker.ts'
import type { Component } from '../broker/component.ts'
import type { Delivery } from '../broker/tally.ts'
import { baseType, type CloudEvent, parseObject, rawEnvelope } from '../cloud-event.ts'
import { runtimeV1 } from '../grpc-protocol.ts'
import { httpStatusOf } from '../grpc-status.ts'
import { type AppAt, type AppChannel, isDeclaredInput, readSubscription, type Subscription } from './app-channel.ts'
import { retried } from './retried.ts'
import { toStruct } from './struct.ts'

type Call = <Reply>(method: string, request: object, metadata?: Metadata, deadline?: Date) => Promise<Reply>

const probeTimeoutMs = 3000

export function createGrpcChannel({ appId, host, port, token, isOverTls }: AppAt): AppChannel {
  // No option of its own: a sidecar sends requests of any size and takes replies of at most 4 MiB.
  // A sidecar takes any certificate.
  const anyTls = () => credentials.createSsl(null, null, null, { rejectUnauthorized: false })
  const client = new runtimeV1.AppCallback(`${host}:${port}`, isOverTls ? anyTls() : credentials.createInsecure())
  const call = caller(client)
  return {
    address: `${host}:${port}`,
    subscriptions: () => askSubscriptions(call),
    wantedBindings: (bindings) => askBindings(call, bindings),
    async sendTopicEvent(subscription, message) {
      const request = topicRequest(subscription, message)
      if (request === undefined) return { kind: 'failed', cause: 'the event is no CloudEvent in JSON' }
      const metadata = metadataOf({ ...message.metadata, pubsubname: subscription.pubsub, ...token })
      return call<{ status: string }>('OnTopicEvent', request, metadata).then(topicDelivery, topicFailure)
    },
    sendBindingEvent(component, { data, metadata }) {
      const request = { name: component.name, data, metadata }
      return call('OnBindingEvent', request, metadataOf(token)).then(() => ({ kind: 'acknowledged' }), failure)
    },
    async invoke({ verb, method, headers, contentType, body }) {
      const [path = '', querystring = ''] = method.split('?')
      const request = {
        method: path,
        data: { value: body },
        content_type: contentType,
        http_extension: { verb, querystring },
      }
      const metadata = metadataOf({ ...headers, 'dapr-callee-app-id': appId, ...token })
      return call<InvokeResponse>('OnInvoke', request, metadata).then(invocationReply, invocationFailure)
    },
    close: async () => client.close(),
  }
}

interface InvokeResponse {
  readonly data: { readonly value: Buffer } | null
  readonly content_type: string
}

function caller(client: Client): Call {
  return (method, request, metadata = new Metadata(), deadline) =>
    new Promise((resolve, reject) => {
      const rpc = (client as unknown as Record<string, (...args: unknown[]) => void>)[method]
      rpc?.call(
        client,
        request,
        metadata,
        deadline === undefined ? {} : { deadline },
        (error: unknown, reply: never) => (error ? reject(error) : resolve(reply)),
      )
    })
}

async function askSubscriptions(call: Call): Promise<Subscription[]> {
  const isFinal = (error: unknown) => codeOf(error) === status.UNIMPLEMENTED
  const ask = () => call<{ subscriptions: GrpcSubscription[] }>('ListTopicSubscriptions', {})
  const { subscriptions } = await retried(ask, isFinal).catch((error: unknown) => {
    if (isFinal(error)) return { subscriptions: [] }
    throw error
  })
  return subscriptions.flatMap(
    ({ pubsub_name, topic, routes, metadata }) =>
      readSubscription({ pubsubname: pubsub_name, topic, metadata, ...(routes && { routes }) }, '') ?? [],
  )
}

interface GrpcSubscription {
  readonly pubsub_name: string
  readonly topic: string
  readonly metadata: Readonly<Record<string, string>>
  readonly routes: { readonly default: string; readonly rules: readonly { match: string; path: string }[] } | null
}

/** Any failure counts as an empty list, and is not repeated. */
async function askBindings(call: Call, bindings: readonly Component[]): Promise<string[]> {
  const declared = bindings.filter(isDeclaredInput).map(({ name }) => name)
  if (declared.length === bindings.length) return declared
  const deadline = new Date(Date.now() + probeTimeoutMs)
  const empty: { bindings: string[] } = { bindings: [] }
  const listed = await call<typeof empty>('ListInputBindings', {}, new Metadata(), deadline).catch(() => empty)
  const wanted = new Set([...declared, ...listed.bindings])
  return bindings.map(({ name }) => name).filter((name) => wanted.has(name))
}

const fixedAttributes = new Set(['id', 'source', 'datacontenttype', 'type', 'specversion', 'data', 'data_base64'])

function topicRequest({ pubsub, topic, path, rawPayload }: Subscription, message: TopicMessage): object | undefined {
  const event = parseObject(rawPayload ? rawEnvelope(message.data, pubsub, topic) : message.data)
  if (event === undefined) return undefined
  const text = (name: string) => (typeof event[name] === 'string' ? event[name] : '')
  const extensions = Object.entries(event).filter(([name]) => !fixedAttributes.has(name))
  return {
    id: text('id'),
    source: text('source'),
    type: text('type'),
    spec_version: text('specversion'),
    data_content_type: text('datacontenttype'),
    topic,
    data: dataOf(event),
    pubsub_name: pubsub,
    path,
    extensions: toStruct(Object.fromEntries(extensions)),
  }
}

/** As a sidecar has it: data of any other content type arrives empty. */
function dataOf(event: CloudEvent): Buffer {
  if (typeof event.data_base64 === 'string') return Buffer.from(event.data_base64, 'base64')
  const type = baseType(String(event.datacontenttype ?? ''))
  if (type === 'application/json' || type === 'application/cloudevents+json') {
    return Buffer.from(JSON.stringify(event.data ?? null))
  }
  if (type.startsWith('text/') || type === 'application/xml') return Buffer.from(String(event.data ?? ''))
  return Buffer.alloc(0)
}

function topicDelivery({ status: said }: { readonly status: string }): Delivery {
  if (said === 'SUCCESS') return { kind: 'acknowledged' }
  if (said === 'DROP') return { kind: 'dropped' }
  return { kind: 'failed', cause: `the function answered ${said}` }
}

function topicFailure(error: ServiceError): Delivery {
  if (codeOf(error) !== status.UNIMPLEMENTED) return failure(error)
  return { kind: 'unhandled', cause: 'UNIMPLEMENTED, which a sidecar takes for done' }
}

const failure = (error: ServiceError): Delivery => ({ kind: 'failed', cause: error.message })

const invocationReply = ({ data, content_type }: InvokeResponse) => ({
  status: 200,
  headers: {},
  contentType: content_type,
  body: data?.value ?? Buffer.alloc(0),
})

function invocationFailure(error: ServiceError) {
  if (error.code === status.UNAVAILABLE) throw error
  const body = JSON.stringify({ errorCode: 'ERR_DIRECT_INVOKE', message: error.details })
  return { status: httpStatusOf(error.code), headers: {}, contentType: 'application/json', body: Buffer.from(body) }
}

const codeOf = (error: unknown): unknown => (error as Partial<ServiceError>).code

function metadataOf(values: Readonly<Record<string, string>>): Metadata {
  const metadata = new Metadata()
  // What gRPC would take for its own, or as bytes, is not the publisher's to set.
  for (const [key, value] of Object.entries(values)) {
    if (/^[a-z0-9_.-]+$/i.test(key) && !/^grpc-|-bin$|^content-/i.test(key)) metadata.set(key, value)
  }
  return metadata
}

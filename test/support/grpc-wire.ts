// Both ends of the proxy over gRPC, with grpc-js.

import {
  Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceError,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js'
import type { Certificate } from './certificate.ts'
import { appCallback, appCallbackClient, healthCheckClient } from './proto.ts'
import {
  type Behaviour,
  binding,
  type CloudEvent,
  type FunctionReplica,
  type Handle,
  type Heard,
  method,
  pubsub,
  type Seen,
  type SendOptions,
  type Sidecar,
  topic,
  type Wire,
} from './wire.ts'

export const grpcWire: Wire = {
  protocol: 'grpc',
  codes: {
    unavailable: 'UNAVAILABLE',
    tooLarge: 'RESOURCE_EXHAUSTED',
    missingRoute: 'UNIMPLEMENTED',
    functionError: 'INVALID_ARGUMENT',
    unauthenticated: 'UNAUTHENTICATED',
  },
  startFunction,
  connect,
}

type Answer = Extract<Behaviour, { readonly status: string }>

interface EventMessage {
  readonly data?: Buffer
}

/** InvokeRequest and InvokeResponse: the data is a google.protobuf.Any. */
interface InvokeMessage {
  readonly data?: { readonly value?: Buffer } | null
}

interface EventResponse {
  readonly status?: string
  readonly data?: Buffer | { readonly value?: Buffer } | null
}

async function startFunction(handle: Handle, port = 0, tls?: Certificate): Promise<FunctionReplica> {
  const server = new Server({ 'grpc.max_receive_message_length': -1 })
  const serve =
    <Request, Response>(
      kind: Seen['kind'],
      dataOf: (request: Request) => Buffer | undefined,
      responseOf: (answer: Answer) => Response,
    ) =>
    async (call: ServerUnaryCall<Request, Response>, reply: sendUnaryData<Response>) => {
      const gone = new AbortController()
      call.on('cancelled', () => gone.abort())
      const metadata = call.metadata.getMap() as Record<string, string>
      const data = dataOf(call.request) ?? Buffer.alloc(0)
      const behaviour = await handle({ kind, data, metadata, cancelled: gone.signal })
      if (behaviour === 'break') return server.forceShutdown()
      if (behaviour === 'no-such-route') return reply({ code: status.UNIMPLEMENTED, details: 'no such route' })
      if ('error' in behaviour) {
        const details = new Metadata()
        details.set('x-cause', 'own')
        return reply({ code: status.INVALID_ARGUMENT, details: behaviour.error, metadata: details })
      }
      return reply(null, responseOf(behaviour))
    }
  server.addService(appCallback, {
    OnTopicEvent: serve<EventMessage, object>(
      'topic',
      ({ data }) => data,
      (answer) => ({ status: answer.status }),
    ),
    OnBindingEvent: serve<EventMessage, EventMessage>(
      'binding',
      ({ data }) => data,
      ({ data }) => ({ ...(data && { data }) }),
    ),
    OnInvoke: serve<InvokeMessage, InvokeMessage>(
      'invoke',
      ({ data }) => data?.value,
      ({ data }) => ({ ...(data && { data: { value: data } }) }),
    ),
  })
  const bound = await new Promise<number>((resolve, reject) =>
    server.bindAsync(`127.0.0.1:${port}`, credentialsOf(tls), (error, actual) =>
      error ? reject(error) : resolve(actual),
    ),
  )
  return { port: bound, kill: async () => server.forceShutdown() }
}

function credentialsOf(tls: Certificate | undefined): ServerCredentials {
  if (tls === undefined) return ServerCredentials.createInsecure()
  const pair = { cert_chain: Buffer.from(tls.cert), private_key: Buffer.from(tls.key) }
  return ServerCredentials.createSsl(null, [pair])
}

type Method = (
  request: object,
  metadata: Metadata,
  options: object,
  done: (error: ServiceError | null, response?: EventResponse) => void,
) => { cancel(): void }

function connect(port: number, ca?: string): Sidecar {
  const client = appCallbackClient(port, ca)
  const health = healthCheckClient(port, ca)
  const ask = <T>(target: Record<string, unknown>, name: string): Promise<T> =>
    new Promise((resolve, reject) =>
      (target[name] as (request: object, done: (error: ServiceError | null, response: T) => void) => void).call(
        target,
        {},
        (error, response) => (error ? reject(error) : resolve(response)),
      ),
    )
  const call = (name: string, request: object, { metadata = {}, signal, deadlineMs }: SendOptions = {}) =>
    new Promise<Heard>((resolve) => {
      const fields = new Metadata()
      for (const [key, value] of Object.entries(metadata)) fields.set(key, value)
      const options = deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs }
      const running = (client[name] as Method).call(client, request, fields, options, (error, response) =>
        resolve(error ? failed(error) : heard(response)),
      )
      signal?.addEventListener('abort', () => running.cancel())
    })
  return {
    topic: (data, options) => call('OnTopicEvent', topicEvent(data, options?.event), options),
    binding: (data, options) => call('OnBindingEvent', { name: binding, data }, options),
    invoke: (data, options) => call('OnInvoke', { method, data: { type_url: '', value: data } }, options),
    isHealthy: () =>
      ask(health, 'HealthCheck').then(
        () => true,
        () => false,
      ),
    async discover() {
      const topics = await ask<{ subscriptions: { pubsub_name: string; topic: string }[] }>(
        client,
        'ListTopicSubscriptions',
      )
      const { bindings } = await ask<{ bindings: string[] }>(client, 'ListInputBindings')
      return { topics: topics.subscriptions.map((entry) => `${entry.pubsub_name}/${entry.topic}`), bindings }
    },
    close() {
      client.close()
      health.close()
    },
  }
}

function topicEvent(data: Buffer, { id, source = '', key }: CloudEvent = { id: '1' }): object {
  const extensions = { fields: { ...(key !== undefined && { partitionkey: { stringValue: key } }) } }
  return { id, source, pubsub_name: pubsub, topic, data, data_content_type: 'text/plain', extensions }
}

function heard({ status: said, data }: EventResponse = {}): Heard {
  const outcome = said === 'RETRY' ? 'retry' : said === 'DROP' ? 'drop' : 'success'
  const bytes = Buffer.isBuffer(data) ? data : data?.value
  return { outcome, code: 'OK', data: bytes ?? Buffer.alloc(0), text: '' }
}

function failed(error: ServiceError): Heard {
  const code = status[error.code]
  return { outcome: code === 'UNIMPLEMENTED' ? 'drop' : 'error', code, data: Buffer.alloc(0), text: error.details }
}

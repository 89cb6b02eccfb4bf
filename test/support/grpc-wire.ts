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
import { appCallback, appCallbackClient, healthCheckClient } from './proto.ts'
import {
  binding,
  type FunctionReplica,
  type Handle,
  type Heard,
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

interface EventRequest {
  readonly data: Buffer
}

interface EventResponse {
  readonly status?: string
  readonly data?: Buffer
}

async function startFunction(handle: Handle, port = 0): Promise<FunctionReplica> {
  const server = new Server({ 'grpc.max_receive_message_length': -1 })
  const serve =
    (kind: Seen['kind']) =>
    async (call: ServerUnaryCall<EventRequest, EventResponse>, reply: sendUnaryData<EventResponse>) => {
      const gone = new AbortController()
      call.on('cancelled', () => gone.abort())
      const metadata = call.metadata.getMap() as Record<string, string>
      const behaviour = await handle({ kind, data: call.request.data, metadata, cancelled: gone.signal })
      if (behaviour === 'break') return server.forceShutdown()
      if (behaviour === 'no-such-route') return reply({ code: status.UNIMPLEMENTED, details: 'no such route' })
      if ('error' in behaviour) {
        const details = new Metadata()
        details.set('x-cause', 'own')
        return reply({ code: status.INVALID_ARGUMENT, details: behaviour.error, metadata: details })
      }
      return reply(
        null,
        kind === 'topic' ? { status: behaviour.status } : { ...(behaviour.data && { data: behaviour.data }) },
      )
    }
  server.addService(appCallback, { OnTopicEvent: serve('topic'), OnBindingEvent: serve('binding') })
  const bound = await new Promise<number>((resolve, reject) =>
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, actual) =>
      error ? reject(error) : resolve(actual),
    ),
  )
  return { port: bound, kill: async () => server.forceShutdown() }
}

type Method = (
  request: object,
  metadata: Metadata,
  options: object,
  done: (error: ServiceError | null, response?: EventResponse) => void,
) => { cancel(): void }

function connect(port: number): Sidecar {
  const client = appCallbackClient(port)
  const health = healthCheckClient(port)
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
    topic: (data, options) =>
      call('OnTopicEvent', { id: '1', pubsub_name: pubsub, topic, data, data_content_type: 'text/plain' }, options),
    binding: (data, options) => call('OnBindingEvent', { name: binding, data }, options),
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

function heard(response: EventResponse = {}): Heard {
  const outcome = response.status === 'RETRY' ? 'retry' : response.status === 'DROP' ? 'drop' : 'success'
  return { outcome, code: 'OK', data: response.data ?? Buffer.alloc(0), text: '' }
}

function failed(error: ServiceError): Heard {
  const code = status[error.code]
  return { outcome: code === 'UNIMPLEMENTED' ? 'drop' : 'error', code, data: Buffer.alloc(0), text: error.details }
}

// Serves an async function: Dapr's app channel, over the protocol that the platform chose.

import type { EventHandler } from '../../dapr/event.ts'
import { inputsOf } from '../../dapr/inputs.ts'
import { type AppServer, type CreateServer, defaultMaxEventBytes, unlimitedMemory } from '../../dapr/server.ts'
import { usable } from '../../shared/pem-files.ts'
import type { FrameworkConfig } from '../config.ts'
import type { InFlight } from '../in-flight.ts'
import type { AnswerEvent } from './answer-event.ts'
import type { RunEvent } from './run-event.ts'

export interface AsyncServerOptions {
  readonly config: FrameworkConfig
  readonly run: RunEvent
  readonly inFlight: InFlight
  readonly isHealthy: () => boolean
}

export async function createAsyncServer({ config, run, inFlight, isHealthy }: AsyncServerOptions): Promise<AppServer> {
  const createServer = await tlsServerOf(config)
  // How many events come at once is the proxy's to bound.
  const common = {
    ...(createServer && { createServer }),
    inputs: inputsOf(config.context),
    isHealthy,
    maxEventBytes: defaultMaxEventBytes,
    memory: unlimitedMemory,
  }
  if (config.protocol === 'http') {
    const [{ createHttpServer }, { createHttpHandler }] = await Promise.all([
      import('../../dapr/http/server.ts'),
      import('./http-events.ts'),
    ])
    return createHttpServer({ ...common, handler: counted(createHttpHandler(run), inFlight) })
  }
  const [{ createGrpcServer }, { createGrpcHandler }, { loadCallbackCodec }] = await Promise.all([
    import('../../dapr/grpc/server.ts'),
    import('./grpc-events.ts'),
    import('./callback-codec.ts'),
  ])
  return createGrpcServer({ ...common, handler: counted(createGrpcHandler(run, loadCallbackCodec()), inFlight) })
}

async function tlsServerOf({ protocol, tls }: FrameworkConfig): Promise<CreateServer | undefined> {
  if (tls === undefined) return undefined
  const { createTlsServer } = await import('../../dapr/tls.ts')
  return usable('APP_TLS_CERT', () => createTlsServer(protocol, tls))
}

function counted<Request, Reply>(
  answerEvent: AnswerEvent<Request, Reply>,
  inFlight: InFlight,
): EventHandler<Request & { answer(reply: Reply): void }> {
  return async (event) => {
    const leave = inFlight.enter()
    try {
      const { verdict, reply } = await answerEvent(event)
      event.message.answer(reply)
      return { kind: 'answered', verdict }
    } finally {
      leave()
    }
  }
}

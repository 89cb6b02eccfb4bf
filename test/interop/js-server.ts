// grpc-js as server: gives back what it gets, by the same names as the one in grpc-go.

import {
  Metadata,
  type MethodDefinition,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type UntypedHandleCall,
} from '@grpc/grpc-js'
import type { Server as Running } from './go-ends.ts'
import { replicaPort } from './proxy.ts'

export const service = '/interop.Echo/'
export const failure = 'it failed: ä 100 % – 事故\n'
/** Larger than any message that is sent, 4 MiB. */
export const largestMessage = 8 * 1024 * 1024

const same = (bytes: Buffer): Buffer => bytes

/** To a server every method is a stream of messages both ways; a unary call is one of one message. */
const streaming = (name: string): MethodDefinition<Buffer, Buffer> => ({
  path: service + name,
  requestStream: true,
  responseStream: true,
  requestSerialize: same,
  requestDeserialize: same,
  responseSerialize: same,
  responseDeserialize: same,
})

type Call = ServerDuplexStream<Buffer, Buffer>

export async function startJsServer(): Promise<Running> {
  let active = 0
  const methods: Record<string, (call: Call) => Promise<void>> = {
    async Each(call) {
      for await (const message of messagesOf(call)) await write(call, message)
    },
    async Whole(call) {
      const parts: Buffer[] = []
      for await (const message of messagesOf(call)) parts.push(message)
      await write(call, Buffer.concat(parts))
    },
    async Parts(call) {
      for await (const message of messagesOf(call)) {
        const size = Math.floor(message.length / 6) + 1
        for (let part = 0; part < 7; part += 1) await write(call, message.subarray(part * size, (part + 1) * size))
      }
    },
    // Without this call itself.
    Active: (call) => write(call, Buffer.from(String(active - 1))),
    Wait: (call) => new Promise((resolve) => call.once('cancelled', resolve)),
  }
  const handle = (run: (call: Call) => Promise<void>) => async (call: Call) => {
    active += 1
    let isOpen = true
    const over = () => {
      if (isOpen) active -= 1
      isOpen = false
    }
    call.once('cancelled', over)
    const echoed = echo(call.metadata)
    call.sendMetadata(echoed)
    const [code] = call.metadata.get('x-fail')
    try {
      if (code === undefined) await run(call)
      over()
      if (code === undefined) call.end(echoed)
      else call.emit('error', { code: Number(code), details: failure, metadata: echoed })
    } catch (error) {
      over()
      if (!call.cancelled) call.emit('error', error)
    }
  }
  const server = new Server({ 'grpc.max_receive_message_length': largestMessage })
  const names = Object.keys(methods)
  server.addService(
    Object.fromEntries(names.map((name) => [name, streaming(name)])),
    Object.fromEntries(
      names.map((name) => [name, handle(methods[name] as (call: Call) => Promise<void>) as UntypedHandleCall]),
    ),
  )
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync(`127.0.0.1:${replicaPort}`, ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  )
  return { port, stop: () => server.forceShutdown() }
}

/** Reading to the end must not end the other direction, as it does by default. */
const messagesOf = (call: Call): AsyncIterable<Buffer> => call.iterator({ destroyOnReturn: false })

function echo(sent: Metadata): Metadata {
  const echoed = new Metadata()
  for (const name of Object.keys(sent.getMap()).filter((each) => each.startsWith('x-echo-'))) {
    for (const value of sent.get(name)) echoed.add(name, value)
  }
  return echoed
}

/** Resolves when there is room for more, or when nobody wants more. */
const write = (call: Call, message: Buffer): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      call.off('cancelled', done)
      resolve()
    }
    call.once('cancelled', done)
    call.write(message, done)
  })

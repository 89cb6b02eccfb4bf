import { createServer, type Server } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { patientSender } from '../departure.ts'
import { createHttpClient } from './client.ts'
import type { HttpMessage, HttpReply } from './message.ts'

const route = { kind: 'topic', name: 'bus/orders', pubsub: 'bus', topic: 'orders' } as const

function message(answers: HttpReply[]): HttpMessage {
  return {
    method: 'POST',
    path: '/orders',
    headers: ['Host', 'a'],
    body: Buffer.from('{}'),
    inform: () => {},
    answer: (reply) => answers.push(reply),
    begin: () => {
      throw new Error('an event is answered whole')
    },
  }
}

/** Answers events with `status`, and closes after each answer. */
async function listen(status: number, port = 0): Promise<Server & { port: number }> {
  const server = createServer((incoming, response) => {
    incoming.resume()
    response.writeHead(incoming.method === 'POST' ? status : 404, { connection: 'close' }).end()
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
  })
  return Object.assign(server, { port: (server.address() as { port: number }).port })
}

test('a replica that refuses the question for its routes boots anew: its next 404 is not its answer', async () => {
  let now = 0
  const first = await listen(200)
  const client = createHttpClient({ host: '127.0.0.1', port: first.port }, undefined, () => now)
  const answers: HttpReply[] = []
  const send = () => client.send({ route, message: message(answers), sender: patientSender })
  expect(await send()).toEqual({ kind: 'answered', verdict: 'success' })

  await new Promise((resolve) => first.close(resolve))
  // The list lacked the topic, so it is asked for again.
  now += 1000
  expect((await send()).kind).toBe('not-run')
  await listen(404, first.port)

  expect(await send()).toEqual({ kind: 'not-run', cause: 'it has no such route yet' })
  expect(answers).toHaveLength(1)
})

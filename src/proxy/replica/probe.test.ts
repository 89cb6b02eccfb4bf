import { createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { blackHole } from '../../../test/support/black-hole.ts'
import { unusedPort } from '../../../test/support/proxy.ts'
import { dialPlain } from '../../dapr/dial.ts'
import { createTlsDial } from '../../dapr/tls.ts'
import { createProbe } from './probe.ts'

const host = '127.0.0.1'
const probe = createProbe({ dial: dialPlain })

test('a port that listens accepts, and sees the connection closed again', async () => {
  let open = 0
  const server = createServer((socket) => {
    open += 1
    socket.on('close', () => {
      open -= 1
    })
  })
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  onTestFinished(() => {
    server.close()
  })
  const { port } = server.address() as { port: number }

  expect(await probe({ host, port })).toBe('accepted')
  while (open > 0) await new Promise(setImmediate)
})

test('a port that nobody listens on refuses', async () => {
  expect(await probe({ host, port: await unusedPort() })).toBe('refused')
})

test('a replica that takes the connection, and not the handshake, is told of with the reason', async () => {
  const told: string[] = []
  const server = createServer((socket) => void socket.on('error', () => {}))
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  const { port } = server.address() as { port: number }
  onTestFinished(() => {
    server.close()
  })
  const onNoHandshake = (...words: string[]) => void told.push(words.join(' '))
  const shakeHands = createProbe({ dial: createTlsDial('grpc', {}), timeoutMs: 100, onNoHandshake })

  expect(await shakeHands({ host, port })).toBe('no-handshake')
  expect(await shakeHands({ host, port: await unusedPort() })).toBe('refused')
  expect(told).toEqual([`127.0.0.1:${port} not connected in time`])
})

test('a host that says nothing is silent', async () => {
  expect(await probe({ host, port: await blackHole() })).toBe('silent')
})

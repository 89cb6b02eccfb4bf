import { createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { blackHole } from '../../../test/support/black-hole.ts'
import { unusedPort } from '../../../test/support/proxy.ts'
import { probeByConnecting } from './probe.ts'

const host = '127.0.0.1'

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

  expect(await probeByConnecting({ host, port })).toBe('accepted')
  while (open > 0) await new Promise(setImmediate)
})

test('a port that nobody listens on refuses', async () => {
  expect(await probeByConnecting({ host, port: await unusedPort() })).toBe('refused')
})

test('a host that says nothing is silent', async () => {
  expect(await probeByConnecting({ host, port: await blackHole() })).toBe('silent')
})

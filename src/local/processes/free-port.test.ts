import { createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { createPorts } from './free-port.ts'

async function occupied(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
  })
  return (server.address() as { port: number }).port
}

async function unoccupied(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

test('the usual port is given once, if it is free, and any free one after that', async () => {
  const usual = await unoccupied()
  const ports = createPorts(Math.random)

  expect(await ports.take(usual)).toBe(usual)
  expect(await ports.take(usual)).not.toBe(usual)
})

test.runIf(process.platform === 'linux')('two runs that start at one moment never take the same port', async () => {
  const usual = await unoccupied()
  const runs = Array.from({ length: 5 }, () => createPorts(Math.random).take(usual))

  expect(new Set(await Promise.all(runs)).size).toBe(5)
})

test('a port that something listens on is never given', async () => {
  const port = await occupied()

  expect(await createPorts(Math.random).take(port)).not.toBe(port)
})

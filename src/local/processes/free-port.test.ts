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

test('the usual port is given once, if it is free, and any free one after that', async () => {
  const ports = createPorts(Math.random)
  // Free: it is looked for in a range that nothing else here uses.
  const usual = await ports.take(await occupied())

  const other = createPorts(Math.random)

  expect(await other.take(usual)).toBe(usual)
  expect(await other.take(usual)).not.toBe(usual)
})

test('a port that something listens on is never given', async () => {
  const port = await occupied()

  expect(await createPorts(Math.random).take(port)).not.toBe(port)
})

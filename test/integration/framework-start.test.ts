// How the process starts, or says why it does not.

import { createServer } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { type FunctionOptions, killAll, spawnFunction } from './framework-process.ts'

afterEach(killAll)

async function fail(options: FunctionOptions) {
  const { exited, stderr, stdout } = spawnFunction(options)
  const code = await exited
  return { code, text: [...stderr, ...stdout].join('\n') }
}

test('every problem of the configuration is told at once, with exit code 64', async () => {
  const { code, text } = await fail({ source: 'sync.cjs', env: { APP_PROTOCOL: 'smtp', DAPR_HTTP_PORT: 'x' } })

  expect(code).toBe(64)
  for (const name of ['FUNC_CONTEXT', 'APP_PROTOCOL', 'DAPR_HTTP_PORT']) expect(text).toContain(`  ${name} is`)
})

test('an export that is not there is told with those that are, with exit code 64', async () => {
  const { code, text } = await fail({ source: 'sync.cjs#nope', context: { runtime: 'Knative' } })

  expect(code).toBe(64)
  expect(text).toContain('FUNCTION_TARGET is "nope"')
  expect(text).toContain('it exports back, echo')
})

test('code that cannot be loaded is told with its place, with exit code 1', async () => {
  const { code, text } = await fail({ source: 'broken.cjs', context: {} })

  expect(code).toBe(1)
  expect(text).toContain('broken.cjs:3')
})

test('a port in use is told with its number and variable, with exit code 64', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }

  const { code, text } = await fail({ source: 'esm.mjs', context: {}, env: { PORT: String(port) } })
  server.close()

  expect(code).toBe(64)
  expect(text).toContain(`PORT is ${port}, which is in use`)
})

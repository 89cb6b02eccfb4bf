// A process of the product whose log nobody reads any more.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { funcContext } from '../support/func-context.ts'
import { httpWire } from '../support/http-wire.ts'
import { unusedPort } from '../support/proxy.ts'

const dist = fileURLToPath(new URL('../../dist', import.meta.url))

const request = fileURLToPath(new URL('../../manifests/samples/sync-request.json', import.meta.url))

/** Where the log goes: into a pipe whose reader leaves after the first line, or into a socket that this test closes then. */
type Reader = 'pipe' | 'socket'

/** Resolves to the first record of its log, which nobody reads from then on. */
async function startUnread(entry: string, env: Record<string, string>, reader: Reader) {
  const command = [process.execPath, `${dist}/${entry}`]
  const [file = '', ...args] = reader === 'socket' ? command : ['sh', '-c', '"$0" "$1" | head -n 1', ...command]
  // A group of its own: the shell is the parent of what we have to end.
  const child = spawn(file, args, {
    detached: true,
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => {
    process.kill(-(child.pid as number), 'SIGKILL')
  })
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  if (reader === 'socket') child.stdout.destroy()
  return JSON.parse(line) as { readonly port: number; readonly adminPort: number }
}

describe.each<Reader>(['pipe', 'socket'])('the reader of a %s that leaves costs', (reader) => {
  test('the proxy nothing: what it fails to say, it serves on', async () => {
    const env = {
      FUNC_CONTEXT: funcContext,
      APP_PROTOCOL: 'http',
      PROXY_PORT: '0',
      PROXY_ADMIN_PORT: '0',
      PROXY_DISCOVERY: `static:127.0.0.1:${await unusedPort()}`,
      PROXY_HOLD_TIMEOUT: '50ms',
    }
    const { port } = await startUnread('proxy/main.js', env, reader)
    const sidecar = httpWire.connect(port)
    onTestFinished(() => sidecar.close())

    // Each class of failure is a line: an event that finds nobody, one that would be lost.
    for (let i = 0; i < 3; i += 1) expect((await sidecar.topic(Buffer.from('"x"'))).code).toBe('503')
    expect(await sidecar.isHealthy()).toBe(true)
  })

  test('the webhook nothing', async () => {
    const { port } = await startUnread('controller/main.js', { CONTROLLER_PORT: '0', LOG_LEVEL: 'debug' }, reader)

    const body = readFileSync(request)
    // Each answer is a line.
    for (let i = 0; i < 3; i += 1) {
      const { status } = await fetch(`http://127.0.0.1:${port}/sync`, { method: 'POST', body })
      expect(status).toBe(200)
    }
  })
})

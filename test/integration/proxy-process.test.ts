// The proxy as a process: how it starts, how it says what is wrong, how it leaves.

import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { funcContext } from '../support/func-context.ts'
import { grpcWire } from '../support/grpc-wire.ts'
import { httpWire } from '../support/http-wire.ts'
import { startProcess } from '../support/process.ts'
import { eventually, unusedPort } from '../support/proxy.ts'
import type { Behaviour, Wire } from '../support/wire.ts'

const base = { FUNC_CONTEXT: funcContext, PROXY_PORT: '0', PROXY_ADMIN_PORT: '0' }

async function start(wire: Wire, replicas: readonly number[], env: Record<string, string> = {}) {
  const discovery = `static:${replicas.map((port) => `127.0.0.1:${port}`).join(',')}`
  const proxy = startProcess('proxy/main.js', {
    ...base,
    APP_PROTOCOL: wire.protocol,
    PROXY_DISCOVERY: discovery,
    ...env,
  })
  const { port, adminPort } = await proxy.record('listening')
  const sidecar = wire.connect(Number(port))
  onTestFinished(() => sidecar.close())
  const status = async (path: string) => (await fetch(`http://127.0.0.1:${adminPort}${path}`)).status
  return { ...proxy, port: Number(port), sidecar, status }
}

describe('start', () => {
  test('all that is wrong is said in one message, and the exit code is 64', async () => {
    const proxy = startProcess('proxy/main.js', {
      FUNC_CONTEXT: '{"name":"f"}',
      APP_PROTOCOL: 'smoke',
      PROXY_PORT: 'x',
    })

    expect(await proxy.exit).toBe(64)
    for (const name of ['FUNC_CONTEXT.runtime', 'APP_PROTOCOL', 'PROXY_PORT', 'PROXY_DISCOVERY']) {
      expect(proxy.output()).toContain(name)
    }
  })

  test('ports that are taken are named with their variables, and the exit code is 64', async () => {
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, resolve))
    onTestFinished(() => {
      taken.close()
    })
    const port = String((taken.address() as { port: number }).port)

    const proxy = startProcess('proxy/main.js', { ...base, PROXY_DISCOVERY: 'static:a:1', PROXY_ADMIN_PORT: port })

    expect(await proxy.exit).toBe(64)
    expect(proxy.output()).toContain(`PROXY_ADMIN_PORT is ${port}, which is in use`)
  })

  test('--help says every variable and ends with 0', async () => {
    const proxy = startProcess('proxy/main.js', {}, ['--help'])

    expect(await proxy.exit).toBe(0)
    expect(proxy.output()).toContain('PROXY_HOLD_TIMEOUT')
  })

  test.each([httpWire, grpcWire])(
    'what not every proxy needs, one that waits has not loaded: $protocol',
    async (wire) => {
      const folder = mkdtempSync(join(tmpdir(), 'loaded-'))
      onTestFinished(() => rmSync(folder, { recursive: true }))
      const LOADED = join(folder, 'loaded.json')
      const NODE_OPTIONS = `--require ${fileURLToPath(new URL('../fixtures/loaded.cjs', import.meta.url))}`
      const { child, exit } = await start(wire, [await unusedPort()], {
        NODE_OPTIONS,
        LOADED,
        PROXY_DRAIN_TIMEOUT: '1ms',
      })
      child.kill('SIGTERM')
      await exit

      const { files, node } = JSON.parse(readFileSync(LOADED, 'utf8')) as { files: string[]; node: string[] }
      const own = ['loaded.cjs', 'main.js', 'both.js', 'h1.js', `${wire.protocol}.js`, 'rolldown-runtime.js']
      expect(files.map((file) => basename(file)).toSorted()).toEqual(own.toSorted())
      expect(node).toContain('net')
      // node:fs/promises comes with Node's loader of ES modules.
      const costly = ['crypto', 'dns/promises', 'fs/promises', 'http', 'http2', 'https', 'tls', 'zlib']
      expect(node.filter((name) => costly.includes(name))).toEqual([])
    },
  )

  test('it is alive and ready without a replica', async () => {
    const { status } = await start(httpWire, [await unusedPort()])

    expect([await status('/livez'), await status('/readyz'), await status('/metrics')]).toEqual([200, 200, 200])
  })

  test('the app port is on loopback alone', async () => {
    const { port } = await start(httpWire, [await unusedPort()])
    const { networkInterfaces } = await import('node:os')
    const outside = Object.values(networkInterfaces())
      .flat()
      .find((address) => address?.family === 'IPv4' && !address.internal)
    if (outside === undefined) return

    await expect(fetch(`http://${outside.address}:${port}/healthz`)).rejects.toThrow()
  })
})

test.each([httpWire, grpcWire])(
  'a proxy that was killed serves the sidecar that has stayed, once it is back: $protocol',
  async (wire) => {
    const replica = await wire.startFunction(() => ({ status: 'SUCCESS' }))
    onTestFinished(() => replica.kill())
    const PROXY_PORT = String(await unusedPort())
    const { sidecar, child, exit } = await start(wire, [replica.port], { PROXY_PORT })
    const send = () =>
      sidecar.binding(Buffer.from('x')).then(
        ({ outcome }) => outcome,
        () => 'error',
      )
    expect(await send()).toBe('success')

    child.kill('SIGKILL')
    await exit
    expect(await send()).toBe('error')
    await start(wire, [replica.port], { PROXY_PORT })

    // The same sidecar with what connections it has: nothing is asked again, and it comes back by itself.
    await eventually(async () => (await send()) === 'success', 10_000)
  },
)

for (const wire of [httpWire, grpcWire]) {
  describe(`SIGTERM over ${wire.protocol}`, () => {
    test('what is in flight is answered, then the health check fails, then it exits with the last connection', async () => {
      const running: ((behaviour: Behaviour) => void)[] = []
      const replica = await wire.startFunction(() => new Promise((resolve) => running.push(resolve)))
      onTestFinished(() => replica.kill())
      const { sidecar, status, child, exit, record } = await start(wire, [replica.port])
      const inFlight = sidecar.binding(Buffer.from('first'))
      await eventually(() => running.length === 1)

      child.kill('SIGTERM')
      await new Promise((resolve) => setTimeout(resolve, 1500))
      // An event is under way, so it goes on as before: ready, healthy, and taking more.
      expect([await status('/readyz'), await sidecar.isHealthy()]).toEqual([200, true])
      running[0]?.({ status: 'SUCCESS', data: Buffer.from('done') })
      expect((await inFlight).data.toString()).toBe('done')

      await record('nothing is under way; waiting for the sidecar to close its connections')
      expect(await sidecar.isHealthy()).toBe(false)
      const late = sidecar.binding(Buffer.from('late'))
      await eventually(() => running.length === 2)
      running[1]?.({ status: 'SUCCESS' })
      expect((await late).outcome).toBe('success')
      expect(child.exitCode).toBeNull()
      sidecar.close()
      expect(await exit).toBe(0)
    })

    test('it does not wait longer than PROXY_DRAIN_TIMEOUT', async () => {
      const { sidecar, child, exit } = await start(wire, [await unusedPort()], { PROXY_DRAIN_TIMEOUT: '300ms' })
      sidecar.binding(Buffer.from('held')).catch(() => {})
      await sidecar.discover()

      child.kill('SIGTERM')

      expect(await exit).toBe(0)
    })
  })
}

test('what does not speak the protocol loses its connection, and nobody else notices', async () => {
  for (const wire of [httpWire, grpcWire]) {
    const replica = await wire.startFunction(() => ({ status: 'SUCCESS' }))
    onTestFinished(() => replica.kill())
    const { port, sidecar, child } = await start(wire, [replica.port])

    for (const garbage of [
      '\u0000\u0001 not a request\r\n\r\n',
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nwrong frames follow here',
    ]) {
      await closedAfter(port, garbage)
      expect((await sidecar.topic(Buffer.from('"x"'))).outcome).toBe('success')
    }
    // daprd looks whether the port is open by connecting and hanging up.
    await closedAfter(port, '')
    expect(child.exitCode).toBeNull()
  }
})

test('all 1,024 connections that daprd may open over HTTP are taken, however busy the proxy is', async () => {
  const { port, child } = await start(httpWire, [await unusedPort()])
  child.kill('SIGSTOP')
  const sockets = Array.from({ length: 1024 }, () => connect(port, '127.0.0.1'))
  onTestFinished(() => {
    child.kill('SIGCONT')
    for (const socket of sockets) socket.destroy()
  })

  // The kernel waits a second before it asks again for one that found no room; the last of them would never get in.
  await Promise.all(sockets.map((socket) => once(socket, 'connect')))
})

async function closedAfter(port: number, text: string): Promise<void> {
  const socket: Socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  if (text === '') socket.once('connect', () => socket.destroy())
  else socket.write(text)
  socket.resume()
  await new Promise((resolve) => socket.once('close', resolve))
}

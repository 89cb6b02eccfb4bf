// The proxy in front of an app of which it knows nothing.

import { connect } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { grpcWire } from '../support/grpc-wire.ts'
import { httpWire } from '../support/http-wire.ts'
import { startProcess } from '../support/process.ts'
import { eventually, unusedPort } from '../support/proxy.ts'
import type { Wire } from '../support/wire.ts'

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const finish = (isOpen: boolean) => {
      socket.destroy()
      resolve(isOpen)
    }
    socket.once('connect', () => finish(true)).once('error', () => finish(false))
  })

async function start(wire: Wire) {
  const [app, port, admin] = [await unusedPort(), await unusedPort(), await unusedPort()]
  const proxy = startProcess('proxy/main.js', {
    PROXY_MODE: 'app',
    APP_PROTOCOL: wire.protocol,
    PROXY_PORT: String(port),
    PROXY_ADMIN_PORT: String(admin),
    PROXY_DISCOVERY: `static:127.0.0.1:${app}`,
    PROXY_DRAIN_TIMEOUT: '1ms',
  })
  await eventually(() => accepts(admin), 10_000)
  const startApp = async () => {
    const replica = await wire.startFunction(() => ({ status: 'SUCCESS' }), app)
    onTestFinished(() => replica.kill())
    return replica
  }
  return { ...proxy, port, startApp }
}

describe.each([httpWire, grpcWire])('$protocol', (wire) => {
  test('the port opens with the first replica, and stays open when that one goes', async () => {
    const { port, startApp, record } = await start(wire)
    const before = await accepts(port)
    const replica = await startApp()
    await record('listening')
    const during = await accepts(port)
    const sidecar = wire.connect(port)
    onTestFinished(() => sidecar.close())
    const { outcome } = await sidecar.binding(Buffer.from('x'))
    await replica.kill()

    expect([before, during, outcome, await accepts(port)]).toEqual([false, true, 'success', true])
  })

  test('it can be stopped while it waits for the first replica', async () => {
    const { child, exit } = await start(wire)
    child.kill('SIGTERM')

    expect(await exit).toBe(0)
  })
})

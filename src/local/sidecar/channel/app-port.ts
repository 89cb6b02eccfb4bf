// Waits until something listens on a port, as a sidecar waits for its app.

import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

const dialTimeoutMs = 500
const pauseMs = 100

/** Connects and closes at once, sending nothing, until it works or `signal` is aborted. Returns whether it worked. */
export async function waitForPort(host: string, port: number, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    if (await accepts(host, port)) return true
    await sleep(pauseMs)
  }
  return false
}

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: dialTimeoutMs })
    const settle = (isOpen: boolean) => {
      socket.destroy()
      resolve(isOpen)
    }
    socket.once('connect', () => settle(true))
    socket.once('timeout', () => settle(false))
    socket.once('error', () => settle(false))
  })
}

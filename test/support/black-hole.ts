// A port that takes no connection and refuses none, like the address of a pod that has vanished.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { onTestFinished } from 'vitest'

const listen = `
  const server = require('node:net').createServer()
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(server.address().port))`

/** A stopped process accepts nothing, and once its queue is full the kernel drops every further SYN. */
export async function blackHole(): Promise<number> {
  const child = spawn(process.execPath, ['-e', listen], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [bytes] = (await once(child.stdout, 'data')) as [Buffer]
  const port = Number(bytes.toString())
  child.kill('SIGSTOP')
  const queued = Array.from({ length: 4 }, () => connect(port, '127.0.0.1').on('error', () => {}))
  onTestFinished(() => {
    for (const socket of queued) socket.destroy()
    child.kill('SIGKILL')
  })
  // The queue of backlog 1 holds two connections; the others show that it is full.
  await Promise.all(queued.slice(0, 2).map((socket) => once(socket, 'connect')))
  return port
}

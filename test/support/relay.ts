// A port in front of another one, that counts the connections and can play dead.

import { connect, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

export interface Relay {
  readonly port: number
  /** Connections that have carried a byte so far. */
  used(): number
  /** From now on nothing passes, and nobody is told. */
  freeze(): void
}

export async function startRelay(target: number): Promise<Relay> {
  let used = 0
  const sockets = new Set<Socket>()
  const server = createServer((incoming) => {
    const outgoing = connect(target, '127.0.0.1')
    for (const [from, to] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      sockets.add(from)
      from.on('error', () => {}).on('close', () => to.destroy())
      from.pipe(to)
    }
    incoming.once('data', () => {
      used += 1
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return {
    port: (server.address() as { port: number }).port,
    used: () => used,
    freeze() {
      for (const socket of sockets) socket.unpipe().pause()
    },
  }
}

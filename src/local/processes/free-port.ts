// Ports for the processes of a run: the usual one if it is free, else any free one.

import { createServer } from 'node:net'

export interface Ports {
  /** Never the same port twice. */
  take(usual: number): Promise<number>
}

// Below the range from which systems pick ports for outgoing connections, so that none of those comes in between.
const from = 20_000
const count = 12_000
const attempts = 200

export function createPorts(random: () => number): Ports {
  const taken = new Set<number>()
  const tryTake = async (port: number): Promise<boolean> => {
    if (taken.has(port) || !(await isFree(port)) || !(await reserve(port))) return false
    taken.add(port)
    return true
  }
  return {
    async take(usual) {
      if (await tryTake(usual)) return usual
      for (let attempt = 0; attempt < attempts; attempt += 1) {
        const port = from + Math.floor(random() * count)
        if (await tryTake(port)) return port
      }
      throw new Error('no free port was found')
    },
  }
}

/**
 * Keeps other runs off a port until its process listens there: a name in the kernel that goes with this process.
 * Only Linux has such names; elsewhere two runs that start at the same moment may meet.
 */
function reserve(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'EADDRINUSE'))
    server.listen(`\0dapr-proxy/port/${port}`, () => resolve(true))
    server.unref()
  })
}

/** On loopback and on all addresses: a port that is taken on either cannot be used by everybody. */
async function isFree(port: number): Promise<boolean> {
  return (await canListen(port, '127.0.0.1')) && (await canListen(port, undefined))
}

function canListen(port: number, host: string | undefined): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)))
  })
}

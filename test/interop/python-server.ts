// The C core of gRPC as server, by way of Python: a process of its own.

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Server } from './go-ends.ts'
import { programs } from './programs.ts'
import { firstLine, replicaPort } from './proxy.ts'

const program = fileURLToPath(new URL('grpc-python/server.py', import.meta.url))

export async function startPythonServer(): Promise<Server> {
  const child = spawn('python3', [program, `127.0.0.1:${replicaPort}`], {
    env: { ...process.env, PYTHONPATH: programs.grpcPython },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return { port: Number(await firstLine(child, 'grpc in Python')), stop: () => child.kill('SIGKILL') }
}

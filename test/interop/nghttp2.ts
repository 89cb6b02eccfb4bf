// nghttp2's programs: h2load and nghttp in front of the proxy, nghttpd behind it.

import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { type Check, runChecks } from './check.ts'
import type { Server } from './go-ends.ts'
import { service } from './js-server.ts'

const run = promisify(execFile)
const sizes = [0, 1, 16_379, 16_384, 65_535, 65_536, 1024 * 1024, 4 * 1024 * 1024]
const headers = ['-H', 'content-type: application/grpc', '-H', 'te: trailers']

/** It gives back what was uploaded, and ends with the trailers of a call that succeeded. */
export async function startNghttpd(): Promise<Server> {
  const port = await freePort()
  const args = [
    '--no-tls',
    '--echo-upload',
    '--address',
    '127.0.0.1',
    '--trailer',
    'grpc-status: 0',
    '-d',
    '/',
    String(port),
  ]
  const child = spawn('nghttpd', args, { stdio: 'ignore' })
  while (!(await isOpen(port))) {
    assert.equal(child.exitCode, null, 'nghttpd did not start')
    await sleep(20)
  }
  return { port, stop: () => child.kill('SIGKILL') }
}

/** `port` is that of a proxy before a server that gives back what it gets. */
export async function callFromNghttp2(port: number): Promise<Check[]> {
  const folder = mkdtempSync(join(tmpdir(), 'nghttp2-'))
  const url = `http://127.0.0.1:${port}${service}Whole`
  const file = (size: number): string => {
    writeFileSync(join(folder, String(size)), message(size))
    return join(folder, String(size))
  }
  const load = async (size: number, count: number, streams: number) => {
    const args = [...headers, '-n', String(count), '-c', '4', '-m', String(streams), '-d', file(size), url]
    const { stdout } = await run('h2load', args)
    assert.match(stdout, new RegExp(`${count} succeeded, 0 failed, 0 errored`))
    assert.match(stdout, new RegExp(`\\(${count * (size + 5)}\\) data`), 'bytes of all answers')
  }
  try {
    return await runChecks({
      'nghttp gets back what it sent': async () => {
        for (const size of sizes) {
          const sent = file(size)
          const { stdout } = await run('nghttp', [...headers, '-d', sent, url], {
            encoding: 'buffer',
            maxBuffer: 2 ** 26,
          })
          const expected = readFileSync(sent)
          assert.ok(stdout.equals(expected), `of ${expected.length} bytes came ${stdout.length}`)
        }
      },
      'nghttp with padding and with CONTINUATION': async () => {
        const sent = file(100_000)
        const { stdout } = await run('nghttp', [...headers, '-b', '200', '--continuation', '-d', sent, url], {
          encoding: 'buffer',
          maxBuffer: 2 ** 26,
        })
        assert.equal(stdout.length, 100_005)
      },
      'h2load, 20,000 small ones, 4 × 64 at a time': () => load(100, 20_000, 64),
      'h2load, 400 of 256 KiB, 4 × 16 at a time': () => load(256 * 1024, 400, 16),
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** A message of gRPC: a flag, its length in four bytes, its bytes. */
function message(size: number): Buffer {
  const prefix = Buffer.alloc(5)
  prefix.writeUInt32BE(size, 1)
  return Buffer.concat([prefix, randomBytes(size)])
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

async function isOpen(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  const open = await new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
  })
  socket.destroy()
  return open
}

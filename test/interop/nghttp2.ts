// nghttp2's programs: h2load and nghttp in front of the proxy, nghttpd behind it.

import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { type Check, runChecks } from './check.ts'
import { type Server, startGoServer } from './go-ends.ts'
import { service } from './js-server.ts'
import { replicaPort } from './proxy.ts'

const run = promisify(execFile)
const sizes = [0, 1, 100, 16_379, 16_384, 65_535, 65_536, 256 * 1024, 1024 * 1024, 4 * 1024 * 1024]
const headers = ['-H', 'content-type: application/grpc', '-H', 'te: trailers']

/** A server, and the path at which it answers an upload of so many bytes with a message of the same size. */
export interface Answering extends Server {
  pathOf(size: number): string
}

/** grpc-go gives back what it gets. */
export const startEcho = async (): Promise<Answering> => ({
  ...(await startGoServer()),
  pathOf: () => `${service}Whole`,
})

/** Messages as they are sent and come back, each in a file. */
const folder = mkdtempSync(join(tmpdir(), 'nghttp2-'))
process.once('exit', () => rmSync(folder, { recursive: true }))

/** Serves the files, as gRPC by the end of their names, with the trailers of a call that succeeded. */
export async function startNghttpd(): Promise<Answering> {
  for (const size of sizes) fileOf(size)
  const types = join(folder, 'mime.types')
  writeFileSync(types, 'application/grpc grpc\n')
  const port = replicaPort || (await freePort())
  const trailer = ['--trailer', 'grpc-status: 0']
  const served = ['--htdocs', folder, '--mime-types-file', types, ...trailer]
  const child = spawn('nghttpd', ['--no-tls', '--address', '127.0.0.1', ...served, String(port)], { stdio: 'ignore' })
  while (!(await isOpen(port))) {
    assert.equal(child.exitCode, null, 'nghttpd did not start')
    await sleep(20)
  }
  return { port, stop: () => child.kill('SIGKILL'), pathOf: (size) => `/${size}.grpc` }
}

/** `port` is that of a proxy before that server. */
export async function callFromNghttp2(port: number, { pathOf }: Answering): Promise<Check[]> {
  const url = (size: number): string => `http://127.0.0.1:${port}${pathOf(size)}`
  const load = async (size: number, count: number, streams: number) => {
    const shape = ['-n', String(count), '-c', '4', '-m', String(streams)]
    const { stdout } = await run('h2load', [...headers, ...shape, '-d', fileOf(size), url(size)])
    assert.match(stdout, new RegExp(`${count} succeeded, 0 failed, 0 errored`))
    assert.match(stdout, new RegExp(`\\(${count * (size + 5)}\\) data`), 'bytes of all answers')
  }
  const exchange = async (size: number, options: readonly string[]) => {
    const args = [...headers, ...options, '-d', fileOf(size), url(size)]
    const { stdout } = await run('nghttp', args, { encoding: 'buffer', maxBuffer: 2 ** 26 })
    const sent = readFileSync(fileOf(size))
    assert.ok(stdout.equals(sent), `of ${sent.length} bytes came ${stdout.length}, and not the same`)
  }
  const all = async (options: readonly string[]) => {
    for (const size of sizes) await exchange(size, options)
  }
  return await runChecks({
    'nghttp gets its message': () => all([]),
    'nghttp with padding and with CONTINUATION': () => all(['-b', '200', '--continuation']),
    'nghttp with small windows': () => all(['-w', '10', '-W', '10']),
    'h2load, 20,000 small ones, 4 × 64 at a time': () => load(100, 20_000, 64),
    'h2load, 400 of 256 KiB, 4 × 16 at a time': () => load(256 * 1024, 400, 16),
  })
}

/** The file of one random message. */
function fileOf(size: number): string {
  const file = join(folder, `${size}.grpc`)
  if (!existsSync(file)) writeFileSync(file, message(size))
  return file
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

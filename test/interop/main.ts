// `make interop`: programs that others wrote speak HTTP/2 and gRPC through the proxy, and every byte is compared.

import { randomBytes } from 'node:crypto'
import type { Check } from './check.ts'
import { callFromGo, type Server, startGoServer } from './go-ends.ts'
import { runH2spec } from './h2spec.ts'
import { callFromJs } from './js-client.ts'
import { startJsServer } from './js-server.ts'
import { callFromNghttp2, startEcho, startNghttpd } from './nghttp2.ts'
import { buildPrograms, hasNghttp2, hasPython } from './programs.ts'
import { startProxy } from './proxy.ts'
import { startPythonServer } from './python-server.ts'

const say = (line: string): void => void process.stdout.write(`${line}\n`)
const checks: Check[] = []

/** The checks of one pair of ends, with a proxy of their own between them. */
async function between<S extends Server>(
  name: string,
  start: () => Promise<S>,
  call: (port: number, server: S) => Promise<Check[]> | Check[],
) {
  if (!name.includes(only)) return
  const server = await start()
  const proxy = await startProxy(server.port)
  const done = await call(proxy.port, server)
  proxy.kill()
  server.stop()
  for (const check of done) {
    say(`${check.problem === undefined ? 'passed' : 'FAILED'} ${name}: ${check.name}`)
    if (check.problem !== undefined) say(`  ${check.problem.slice(0, 600)}`)
  }
  checks.push(...done)
}

/** Only the pairs whose name contains it. */
const only = process.env.ONLY ?? ''

const seed = process.env.SEED || randomBytes(4).toString('hex')
buildPrograms()
say(`seed ${seed}`)
await between('h2spec', startGoServer, (port) => runH2spec(port, say))
await between('grpc-go to grpc-go', startGoServer, (port) => callFromGo(port, seed))
await between('grpc-go to grpc-js', startJsServer, (port) => callFromGo(port, seed))
await between('grpc-js to grpc-go', startGoServer, (port) => callFromJs(port, seed))
await between('grpc-js to grpc-js', startJsServer, (port) => callFromJs(port, seed))
if (hasPython()) {
  await between('grpc-go to grpc in Python', startPythonServer, (port) => callFromGo(port, seed))
  await between('grpc-js to grpc in Python', startPythonServer, (port) => callFromJs(port, seed))
} else say('gRPC for Python is not here, and pip cannot install it: its checks are left out')
if (hasNghttp2()) {
  await between('nghttp2 to grpc-go', startEcho, callFromNghttp2)
  await between('nghttp2 to nghttpd', startNghttpd, callFromNghttp2)
} else say("nghttp2's programs are not here (nghttp2-client, nghttp2-server): their checks are left out")

const failed = checks.filter(({ problem }) => problem !== undefined).length
say(`${checks.length - failed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)

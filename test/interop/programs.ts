// The programs of others that the suite drives: built from pinned Go modules, or installed: from PyPI, or from Debian as root.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const cache = fileURLToPath(new URL('../../.cache/interop', import.meta.url))

export const programs = { h2spec: `${cache}/h2spec`, grpcGo: `${cache}/grpc-go`, grpcPython: `${cache}/grpc-python` }

/** Folder of the module, its package, where it goes. */
const modules = [
  ['h2spec', 'github.com/summerwind/h2spec/cmd/h2spec', programs.h2spec],
  ['grpc-go', '.', programs.grpcGo],
] as const

const packages = { 'nghttp2-client': '/usr/bin/nghttp', 'nghttp2-server': '/usr/sbin/nghttpd' }

/** Throws with the compiler's words, or without Go. */
export function buildPrograms(): void {
  mkdirSync(cache, { recursive: true })
  for (const [folder, name, output] of modules) {
    const cwd = fileURLToPath(new URL(folder, import.meta.url))
    const args = ['build', '-mod=readonly', '-o', output, name]
    const built = spawnSync('go', args, { cwd, encoding: 'utf8' })
    if (built.error) throw new Error('Go 1.26 or later is needed; `go` is not on the PATH')
    if (built.status !== 0) throw new Error(`go ${args.join(' ')} in ${cwd}:\n${built.stderr}`)
  }
}

/** False if nghttp2's programs are neither here nor to be had. */
export function hasNghttp2(): boolean {
  const missing = Object.entries(packages)
    .filter(([, file]) => !existsSync(file))
    .map(([name]) => name)
  if (missing.length > 0 && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    for (const args of [
      ['update', '-q'],
      ['install', '-y', '-q', '--no-install-recommends', ...missing],
    ]) {
      spawnSync('apt-get', args, { env })
    }
  }
  return Object.values(packages).every((file) => existsSync(file))
}

/** False if gRPC for Python is neither here nor to be had. */
export function hasPython(): boolean {
  const isThere = () => {
    const env = { ...process.env, PYTHONPATH: programs.grpcPython }
    return spawnSync('python3', ['-c', 'import grpc.aio'], { env }).status === 0
  }
  if (isThere()) return true
  const requirements = fileURLToPath(new URL('grpc-python/requirements.txt', import.meta.url))
  const args = [
    '-m',
    'pip',
    'install',
    '-q',
    '--only-binary',
    ':all:',
    '--target',
    programs.grpcPython,
    '-r',
    requirements,
  ]
  spawnSync('python3', args)
  return isThere()
}

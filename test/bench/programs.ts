// The programs of the bench that are not ours: installed where that is possible, left out with a word where it is not.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const cache = fileURLToPath(new URL('../../.cache/bench', import.meta.url))
export const peers = `${cache}/peers`

/** Package of Debian → the file that it brings. */
const packages = {
  'nghttp2-client': '/usr/bin/h2load',
  'nginx-light': '/usr/sbin/nginx',
  haproxy: '/usr/sbin/haproxy',
} as const

type Package = keyof typeof packages

const names = Object.keys(packages) as Package[]
const has = (name: Package): boolean => existsSync(packages[name])

/** Debian starts a service when it is installed, unless this file forbids it (101). */
const policyFile = '/usr/sbin/policy-rc.d'

/** Builds the ends of the proxy, installs what is missing as root, and tells which references there are. Throws without Go or h2load. */
export function preparePrograms(say: (line: string) => void): readonly ('nginx' | 'haproxy')[] {
  buildPeers()
  const missing = names.filter((name) => !has(name))
  if (missing.length > 0) install(missing, say)
  if (!has('nghttp2-client'))
    throw new Error('h2load is missing: install nghttp2-client, or run as root where apt-get is')
  const references = [
    { name: 'nginx', of: 'nginx-light' },
    { name: 'haproxy', of: 'haproxy' },
  ] as const
  for (const { name, of } of references) if (!has(of)) say(`${name} is not here: its columns are left out`)
  return references.filter(({ of }) => has(of)).map(({ name }) => name)
}

function buildPeers(): void {
  mkdirSync(cache, { recursive: true })
  const folder = fileURLToPath(new URL('peers', import.meta.url))
  const built = spawnSync('go', ['build', '-o', peers, '.'], { cwd: folder, encoding: 'utf8' })
  if (built.error) throw new Error('Go 1.26 or later is needed for the ends of the proxy; `go` is not on the PATH')
  if (built.status !== 0) throw new Error(`go build in ${folder}:\n${built.stderr}`)
}

function install(missing: readonly Package[], say: (line: string) => void): void {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return
  say(`installing ${missing.join(' ')}`)
  const forbids = !existsSync(policyFile)
  if (forbids) writeFileSync(policyFile, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    for (const args of [
      ['update', '-q'],
      ['install', '-y', '-q', '--no-install-recommends', ...missing],
    ]) {
      const done = spawnSync('apt-get', args, {
        env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
        encoding: 'utf8',
      })
      if (done.status !== 0) say(`apt-get ${args.join(' ')}:\n${done.stderr}`)
    }
  } finally {
    if (forbids) rmSync(policyFile)
  }
}

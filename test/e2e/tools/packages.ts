// Installs the Debian packages that the rig runs, without letting one of their services start.
import { spawnSync } from 'node:child_process'
import { existsSync, rmSync, writeFileSync } from 'node:fs'

/** Package → a file that it brings. */
const packages: Readonly<Record<string, string>> = {
  'etcd-server': '/usr/bin/etcd',
  'redis-server': '/usr/bin/redis-server',
  'redis-tools': '/usr/bin/redis-cli',
  mosquitto: '/usr/sbin/mosquitto',
  'mosquitto-clients': '/usr/bin/mosquitto_pub',
  iptables: '/usr/sbin/iptables',
  iproute2: '/sbin/ip',
  kmod: '/sbin/modprobe',
  procps: '/sbin/sysctl',
  'util-linux': '/usr/bin/unshare',
}

const policyFile = '/usr/sbin/policy-rc.d'

export function installPackages(): void {
  const missing = Object.keys(packages).filter((name) => !existsSync(packages[name] ?? ''))
  if (missing.length === 0) return
  if (!existsSync('/usr/bin/apt-get')) {
    throw new Error(`these programs are missing and there is no apt-get here: ${missing.join(' ')}`)
  }
  console.log(`e2e: installing ${missing.join(' ')}`)
  // Debian starts a service on install unless this file forbids it (101).
  const forbids = !existsSync(policyFile)
  if (forbids) writeFileSync(policyFile, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    aptGet(['update', '-q'])
    aptGet(['install', '-y', '-q', '--no-install-recommends', ...missing])
  } finally {
    if (forbids) rmSync(policyFile)
  }
}

function aptGet(args: readonly string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const result = spawnSync('apt-get', args, { env, encoding: 'utf8' })
  if (result.status !== 0) throw new Error(`apt-get ${args.join(' ')}:\n${result.stderr || result.stdout}`)
}

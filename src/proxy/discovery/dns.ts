// Replicas by DNS: every address of a headless Service, asked for each second.

import { lookup, Resolver } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { ReplicaAddress } from '../../dapr/replica.ts'
import { type Log, reason } from '../../shared/log.ts'
import type { Discovery, OnReplicas } from './found.ts'

const everyMs = 1000

/** Asks for one family of addresses; rejects with an error code of node:dns. */
export type Ask = (name: string, family: 4 | 6) => Promise<string[]>

export function startDns(
  { host, port }: ReplicaAddress,
  onReplicas: OnReplicas,
  log: Log,
  ask: Ask = askServers(host),
): Discovery {
  const lastGood: Record<4 | 6, readonly string[]> = { 4: [], 6: [] }
  let isStopped = false
  let isDown = false
  let timer: NodeJS.Timeout | undefined
  let becomeReady = () => {}
  const ready = new Promise<void>((resolve) => {
    becomeReady = resolve
  })

  const refresh = async () => {
    const answers = await Promise.all(([4, 6] as const).map((family) => addressesOf(ask, host, family)))
    if (isStopped) return
    const failures = answers.filter((answer) => answer.kind === 'unknown')
    for (const answer of answers) if (answer.kind === 'known') lastGood[answer.family] = answer.addresses
    // An outage is told once when it begins and once when it ends, not each second.
    if (failures.length > 0 && !isDown)
      log.warn('DNS does not answer; the last replicas stay', { name: host, reason: failures[0]?.cause })
    if (failures.length === 0 && isDown) log.info('DNS answers again', { name: host })
    isDown = failures.length > 0
    if (failures.length === answers.length) return
    onReplicas([...new Set([...lastGood[4], ...lastGood[6]])].sort().map((address) => ({ host: address, port })))
    becomeReady()
  }

  const loop = async () => {
    await refresh()
    if (!isStopped) timer = setTimeout(loop, everyMs)
  }
  loop()

  return {
    ready,
    stop() {
      isStopped = true
      clearTimeout(timer)
    },
  }
}

type Answer =
  | { readonly kind: 'known'; readonly family: 4 | 6; readonly addresses: readonly string[] }
  | { readonly kind: 'unknown'; readonly family: 4 | 6; readonly cause: string }

// "There is no such name" and "it has no address" mean no replica; anything else means that nobody knows.
const noReplica = new Set(['ENOTFOUND', 'ENODATA'])

async function addressesOf(ask: Ask, name: string, family: 4 | 6): Promise<Answer> {
  try {
    return { kind: 'known', family, addresses: await ask(name, family) }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? ''
    if (noReplica.has(code)) return { kind: 'known', family, addresses: [] }
    return { kind: 'unknown', family, cause: code || reason(error) }
  }
}

/**
 * A name of a cluster goes to the DNS servers as it is: no search list (each name would be up to six queries), no cache of ours.
 * A name without a dot, such as localhost, is the system's to find.
 */
function askServers(host: string): Ask {
  if (isIP(host) !== 0) return async (name, family) => (isIP(name) === family ? [name] : [])
  if (!host.includes('.'))
    return async (name, family) => (await lookup(name, { all: true, family })).map((found) => found.address)
  const resolver = new Resolver({ timeout: 2000, tries: 2 })
  return (name, family) => (family === 4 ? resolver.resolve4(name) : resolver.resolve6(name))
}

// Which core the proxy has for itself, and which one everything else runs on.

import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { getPriority, setPriority } from 'node:os'

const allowed = allowedCores()

/** With one core, or without taskset, nothing is pinned: figures are then coarser, and the report says so. */
export const isPinned = allowed.length >= 2 && existsSync('/usr/bin/taskset')

/** The command as it must be started to run on the core of the proxy, or on the other one. */
export function onCore(whose: 'proxy' | 'others', command: readonly string[]): [string, ...string[]] {
  const core = whose === 'proxy' ? allowed[0] : allowed[1]
  return (isPinned ? ['taskset', '-c', String(core), ...command] : [...command]) as [string, ...string[]]
}

/** Moves a process that runs already to the core of the proxy. */
export function moveToProxyCore(pid: number): void {
  if (isPinned) spawnSync('taskset', ['-apc', String(allowed[0]), String(pid)])
}

/** Moves this process, and what it starts from here on, out of the way of the proxy and, as root, before all other work. */
export function leaveTheProxyAlone(): void {
  if (isPinned) spawnSync('taskset', ['-apc', String(allowed[1]), String(process.pid)])
  // Bursts of a second between others' work: with less, ratios on a busy machine tell of its caches, not of the proxies.
  // Who starts it with `nice` wants it to wait for them.
  if (process.getuid?.() === 0 && getPriority() <= 0) goFirst(-15)
}

/** Where Linux groups processes by session (sched(7), autogroup), the priority of one counts inside its group alone. */
function goFirst(nice: number): void {
  setPriority(nice)
  if (!existsSync(group)) return
  writeFileSync(group, String(nice))
  process.once('exit', () => writeFileSync(group, '0'))
}

const group = '/proc/self/autogroup'

/** `Cpus_allowed_list: 0-1,4` of proc(5). */
function allowedCores(): number[] {
  const list = /Cpus_allowed_list:\s+(\S+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0'
  return list.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, index) => first + index)
  })
}

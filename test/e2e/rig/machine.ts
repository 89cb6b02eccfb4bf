// What the machine must offer, and the private world that the rig runs in.
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cache, worldFile } from './paths.ts'
import { until } from './wait.ts'

const mark = 'E2E_INSIDE'

export function isInside(): boolean {
  return process.env[mark] === '1'
}

export function requireMachine(): void {
  const problems: string[] = []
  if (process.platform !== 'linux') problems.push('the rig needs Linux (network namespaces)')
  else if (process.getuid?.() !== 0) problems.push('the rig needs root (network namespaces, mounts): run it as root')
  const other = runningRig()
  if (other !== undefined) problems.push(`a rig of this checkout runs already, process ${other}: end it first`)
  if (problems.length > 0) throw new Error(problems.join('\n'))
}

/**
 * Runs this same command again in network, mount and process namespaces of its own. Ports, iptables rules, bridges and
 * mounts of the rig are invisible outside, and when its first process ends, however it ends, the kernel ends all others
 * and takes the rest away: there is nothing to clean up after a crash.
 */
export function enterPrivateWorld(): Promise<number> {
  const own = [process.execPath, ...process.execArgv, ...process.argv.slice(1)]
  // A fresh /run: network namespaces' names and the pods' service account folders live there.
  const script = 'mount --make-rprivate / && mount -t tmpfs tmpfs /run && exec "$@"'
  const world = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc']
  const child = spawn('unshare', [...world, 'sh', '-c', script, 'sh', ...own], {
    stdio: 'inherit',
    env: { ...process.env, [mark]: '1' },
  })
  // The terminal sends Ctrl-C to the whole group; the one inside ends the rig, we only wait.
  process.on('SIGINT', () => undefined)
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  void noteWorld(child).catch(() => undefined)
  return new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)))
}

/** Two rigs of one checkout would share their state and their logs. */
function runningRig(): string | undefined {
  if (!existsSync(worldFile)) return undefined
  const id = readFileSync(worldFile, 'utf8').trim()
  const command = `/proc/${id}/cmdline`
  return existsSync(command) && readFileSync(command, 'utf8').includes('e2e/main.ts') ? id : undefined
}

/** Writes down the process that others enter this world by: the child of `unshare`. */
async function noteWorld(child: ChildProcess): Promise<void> {
  const file = `/proc/${child.pid}/task/${child.pid}/children`
  const inner = await until('the inner process exists', { seconds: 5, everyMs: 20 }, () => {
    const text = readFileSync(file, 'utf8').trim()
    return text === '' ? undefined : text
  })
  mkdirSync(cache, { recursive: true })
  writeFileSync(worldFile, inner)
}

// Runs one declared probe of a container over and over and reports each change of its verdict.
import { connect } from 'node:net'
import { request } from 'undici'
import type { Container, Probe } from './pod-spec.ts'

export interface ProbeTarget {
  readonly address: string
  readonly container: Container
  exec(command: readonly string[], timeoutMs: number): Promise<boolean>
}

/** Calls `on` at every change of verdict until the signal aborts; thresholds as Kubernetes defines them. */
export function startProbe(
  probe: Probe,
  target: ProbeTarget,
  on: (isPassing: boolean) => void,
  stop: AbortSignal,
): void {
  const periodMs = (probe.periodSeconds ?? 10) * 1000
  let verdict: boolean | undefined
  let run = { passing: false, length: 0 }
  const look = async () => {
    const passing = await tryProbe(probe, target)
    if (stop.aborted) return
    run = { passing, length: run.passing === passing ? run.length + 1 : 1 }
    const needed = passing ? (probe.successThreshold ?? 1) : (probe.failureThreshold ?? 3)
    if (run.length >= needed && verdict !== passing) {
      verdict = passing
      on(passing)
    }
    if (!stop.aborted) schedule(periodMs)
  }
  let timer: NodeJS.Timeout | undefined
  const schedule = (ms: number) => {
    timer = setTimeout(() => void look(), ms)
  }
  stop.addEventListener('abort', () => clearTimeout(timer), { once: true })
  schedule((probe.initialDelaySeconds ?? 0) * 1000)
}

async function tryProbe(probe: Probe, target: ProbeTarget): Promise<boolean> {
  const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000
  try {
    if (probe.httpGet) {
      const scheme = (probe.httpGet.scheme ?? 'http').toLowerCase()
      const port = portNumber(probe.httpGet.port, target.container)
      const url = `${scheme}://${target.address}:${port}${probe.httpGet.path ?? '/'}`
      const response = await request(url, { signal: AbortSignal.timeout(timeoutMs), headers: { connection: 'close' } })
      await response.body.dump()
      return response.statusCode >= 200 && response.statusCode < 400
    }
    if (probe.tcpSocket) {
      return await accepts(target.address, portNumber(probe.tcpSocket.port, target.container), timeoutMs)
    }
    if (probe.exec) return await target.exec(probe.exec.command, timeoutMs)
  } catch {
    return false
  }
  throw new Error('this kind of probe is not known to the kubelet stand-in')
}

export function portNumber(port: number | string, container: Container): number {
  if (typeof port === 'number') return port
  const named = container.ports?.find((candidate) => candidate.name === port)
  if (named === undefined) throw new Error(`container ${container.name} has no port named ${port}`)
  return named.containerPort
}

function accepts(host: string, port: number, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: timeoutMs })
    const end = (result: boolean) => {
      socket.destroy()
      resolve(result)
    }
    socket.once('connect', () => end(true))
    socket.once('timeout', () => end(false))
    socket.once('error', () => end(false))
  })
}

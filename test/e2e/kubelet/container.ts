// One container of a pod: a process that is started, probed, restarted and stopped as a kubelet would.
import { type Exit, type RigProcess, startProcess } from '../rig/process.ts'
import { pause } from '../rig/wait.ts'
import type { Container, Probe } from './pod-spec.ts'
import { type ProbeTarget, startProbe } from './probe.ts'

export interface ContainerState {
  started: boolean
  ready: boolean
  restarts: number
  state: Record<string, unknown>
  lastState: Record<string, unknown>
}

export interface ContainerStart {
  readonly file: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

export interface ContainerSurroundings {
  /** Name of the log file. */
  readonly logName: string
  readonly restartPolicy: 'Always' | 'OnFailure' | 'Never'
  readonly target: ProbeTarget
  /** Resolved anew at every start; throwing keeps the container waiting. */
  start(): Promise<ContainerStart>
  /** Called whenever `state` has changed. */
  changed(): void
}

/** A tenth of the real kubelet's first back-off: scenarios kill often, and wait for the restart. */
const backOffMs = [0, 1000, 2000, 5000]
/** A container that lived this long starts without back-off again. */
const steadyMs = 10_000

export class RunningContainer {
  readonly state: ContainerState = {
    started: false,
    ready: false,
    restarts: 0,
    state: { waiting: { reason: 'ContainerCreating' } },
    lastState: {},
  }
  process: RigProcess | undefined
  private probes = new AbortController()
  private stopping = false
  private failures = 0

  readonly spec: Container
  private readonly around: ContainerSurroundings

  constructor(spec: Container, around: ContainerSurroundings) {
    this.spec = spec
    this.around = around
  }

  /** Lives until the container has ended for good. */
  async run(): Promise<void> {
    while (!this.stopping) {
      const startedAt = Date.now()
      const exit = await this.runOnce()
      if (exit === undefined || this.stopping) break
      const succeeded = exit.code === 0
      const policy = this.around.restartPolicy
      if (policy === 'Never' || (policy === 'OnFailure' && succeeded)) break
      if (Date.now() - startedAt > steadyMs) this.failures = 0
      await pause(backOffMs[Math.min(this.failures, backOffMs.length - 1)] ?? 0)
      this.failures += 1
      if (this.stopping) break
      this.state.restarts += 1
    }
  }

  /** preStop hook, SIGTERM, and SIGKILL when the grace time is over. */
  async stop(graceMs: number): Promise<void> {
    this.stopping = true
    this.probes.abort()
    const deadline = Date.now() + graceMs
    await Promise.race([this.preStop(graceMs), this.process?.exited, pause(graceMs)])
    await this.process?.stop(Math.max(0, deadline - Date.now()))
    this.around.changed()
  }

  private async runOnce(): Promise<Exit | undefined> {
    const command = await this.resolveStart()
    if (command === undefined || this.stopping) return undefined
    const process = startProcess(this.around.logName, command)
    this.process = process
    const startedAt = new Date().toISOString()
    this.probes = new AbortController()
    this.update({
      state: { running: { startedAt } },
      started: this.spec.startupProbe === undefined,
      ready: this.spec.startupProbe === undefined && this.spec.readinessProbe === undefined,
    })
    this.startProbes()
    const exit = await process.exited
    this.probes.abort()
    const terminated = {
      exitCode: exit.code ?? 137,
      ...(exit.signal === null ? {} : { message: exit.signal }),
      reason: exit.code === 0 ? 'Completed' : 'Error',
      startedAt,
      finishedAt: new Date().toISOString(),
    }
    this.update({ state: { terminated }, lastState: { terminated }, started: false, ready: false })
    return exit
  }

  private async resolveStart(): Promise<ContainerStart | undefined> {
    for (;;) {
      if (this.stopping) return undefined
      try {
        return await this.around.start()
      } catch (error) {
        const waiting = { reason: 'CreateContainerConfigError', message: (error as Error).message }
        this.update({ state: { waiting } })
        await pause(500)
      }
    }
  }

  private startProbes(): void {
    const { startupProbe } = this.spec
    if (startupProbe === undefined) {
      this.startSteadyProbes()
      return
    }
    let hasStarted = false
    this.probe(startupProbe, (passing) => {
      if (hasStarted) return
      if (!passing) {
        this.process?.signal('SIGKILL')
        return
      }
      hasStarted = true
      this.update({ started: true, ready: this.spec.readinessProbe === undefined })
      this.startSteadyProbes()
    })
  }

  private startSteadyProbes(): void {
    const { readinessProbe, livenessProbe } = this.spec
    if (readinessProbe) this.probe(readinessProbe, (ready) => this.update({ ready }))
    if (livenessProbe) {
      this.probe(livenessProbe, (passing) => {
        if (!passing) void this.process?.stop(10_000)
      })
    }
  }

  private probe(probe: Probe, on: (isPassing: boolean) => void): void {
    startProbe(probe, this.around.target, on, this.probes.signal)
  }

  private async preStop(graceMs: number): Promise<void> {
    const hook = this.spec.lifecycle?.preStop
    if (hook?.sleep) await pause(hook.sleep.seconds * 1000)
    if (hook?.exec) await this.around.target.exec(hook.exec.command, graceMs)
    if (hook?.httpGet) {
      const url = `http://${this.around.target.address}:${hook.httpGet.port}${hook.httpGet.path ?? '/'}`
      await fetch(url, { signal: AbortSignal.timeout(graceMs) }).catch(() => undefined)
    }
  }

  private update(change: Partial<ContainerState>): void {
    Object.assign(this.state, change)
    this.around.changed()
  }
}

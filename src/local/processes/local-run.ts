// The processes of one run: started in order, watched, counted, and stopped in the order in which a cluster stops them.

import type { LocalFunction } from '../plan/plan.ts'
import { logLine } from '../screen/display.ts'
import { functionReport } from '../screen/function-report.ts'
import type { Reached } from '../screen/hints.ts'
import { type ProxyNumbers, readProxy } from '../screen/proxy-metrics.ts'
import type { FunctionReport } from '../screen/report.ts'
import type { ApiPorts } from '../sidecar/api/listen.ts'
import { waitForPort } from '../sidecar/channel/app-port.ts'
import type { Sidecars } from '../sidecars.ts'
import { type Program, type RunningChild, startChild } from './child-process.ts'
import type { Ports } from './free-port.ts'
import { appOf, type Placed, place } from './placement.ts'
import { controllerProgram, proxyProgram, replicaProgram, type Surroundings } from './programs.ts'

export interface LocalRunOptions {
  readonly functions: readonly LocalFunction[]
  readonly sidecars: Sidecars
  readonly ports: Ports
  readonly surroundings: Surroundings
  readonly print: (line: string) => void
}

// Where the controller listens by default.
const controllerPort = 8080

// How long processes may take to listen, events to come to their end, and a process to stop.
const startLimitMs = 30_000
const drainLimitMs = 10_000
const stopGraceMs = 5_000

export class LocalRun {
  readonly #options: LocalRunOptions
  readonly #placed: Placed[] = []
  readonly #proxies: RunningChild[] = []
  readonly #replicas = new Map<string, RunningChild>()
  readonly #proxyNumbers = new Map<string, ProxyNumbers>()
  /** Replicas that have ended without being asked. */
  readonly #gone = new Set<string>()
  readonly #broken = new AbortController()
  readonly #killed = new AbortController()
  #controller: RunningChild | undefined
  #controllerPort = 0
  #apis: ReadonlyMap<string, ApiPorts> = new Map()
  #isUp = false
  #failure: string | undefined

  constructor(options: LocalRunOptions) {
    this.#options = options
  }

  /** Why the run as a whole is broken: something other than a replica of a running Function has ended. */
  get failure(): string | undefined {
    return this.#failure
  }

  /** Aborted when the run is broken. */
  get broken(): AbortSignal {
    return this.#broken.signal
  }

  /** Resolves when events can flow, or when `signal` or a failure came first. */
  async start(signal: AbortSignal): Promise<void> {
    const { functions, ports, sidecars, surroundings } = this.#options
    this.#controllerPort = await ports.take(controllerPort)
    this.#controller = this.#watch(controllerProgram(surroundings, this.#controllerPort))
    for (const fn of functions) this.#placed.push(await place(fn, ports))
    this.#apis = await sidecars.start(this.#placed.flatMap(appOf))
    for (const child of sidecars.children) this.#report(child)
    for (const placed of this.#placed) this.#startFunction(placed)
    const either = AbortSignal.any([signal, this.broken])
    await Promise.all([this.#everythingListens(either), sidecars.connect(either)])
    this.#isUp = !either.aborted
  }

  /** What listens where, one line each. */
  addresses(): string[] {
    const functions = this.#placed.flatMap(({ fn, replicas, proxy }) => {
      const api = this.#apis.get(fn.sidecar?.appId ?? '')
      const pid = (name: string) => this.#replicas.get(name)?.pid
      return [
        ...replicas.map(({ name, port }) => `  ${name}: port ${port}, pid ${pid(name)}`),
        ...(proxy
          ? [`  ${fn.name}-proxy: port ${proxy.app} (${fn.sidecar?.protocol}), admin port ${proxy.admin}`]
          : []),
        ...(api ? [`  ${fn.sidecar?.appId} (sidecar): HTTP port ${api.http}, gRPC port ${api.grpc}`] : []),
      ]
    })
    return [`  controller: port ${this.#controllerPort}`, ...functions]
  }

  get controllerPort(): number {
    return this.#controllerPort
  }

  reached(): Reached[] {
    return this.#placed.map(({ fn, replicas }) => ({
      fn,
      apiPort: this.#apis.get(fn.sidecar?.appId ?? '')?.http,
      replicaPorts: replicas.map(({ port }) => port),
    }))
  }

  /** Asks the proxies for their numbers. */
  async refresh(): Promise<void> {
    const read = async ({ fn, proxy }: Placed) => {
      const numbers = proxy && (await readProxy(proxy.admin))
      if (numbers !== undefined) this.#proxyNumbers.set(fn.name, numbers)
    }
    await Promise.all(this.#placed.map(read))
  }

  reports(): FunctionReport[] {
    return this.#placed.flatMap((placed) => {
      const { sidecar, name } = placed.fn
      if (sidecar === undefined) return []
      const numbers = this.#options.sidecars.numbers(sidecar.appId)
      const isUp = (replica: string) => !this.#gone.has(replica)
      return functionReport({ placed, sidecar, numbers, proxy: this.#proxyNumbers.get(name), isUp })
    })
  }

  /** Lets what is under way come to its end, within bounds, then stops from the sidecars inwards. */
  async stop(): Promise<void> {
    const { sidecars } = this.#options
    const limit = AbortSignal.timeout(this.#isUp ? drainLimitMs : 0)
    await sidecars.drain(AbortSignal.any([limit, this.#killed.signal]))
    await this.refresh()
    await sidecars.disconnect()
    await stopAll(this.#proxies)
    await stopAll([...this.#replicas.values()])
    await sidecars.close()
    await this.#controller?.stop(stopGraceMs)
  }

  /** Ends every process at once. */
  kill(): void {
    this.#killed.abort()
    const children = [
      this.#controller,
      ...this.#proxies,
      ...this.#replicas.values(),
      ...this.#options.sidecars.children,
    ]
    for (const child of children) child?.kill()
  }

  async #everythingListens(signal: AbortSignal): Promise<void> {
    const replicas = this.#placed.flatMap((placed) => placed.replicas)
    const waiting = new Map([
      ['controller', this.#controllerPort],
      ...replicas.map(({ name, port }) => [name, port] as const),
    ])
    const limit = setTimeout(() => {
      this.#break(`after ${startLimitMs / 1000} s these do not listen yet: ${[...waiting.keys()].join(', ')}`)
    }, startLimitMs)
    const wait = async ([name, port]: [string, number]) => {
      if (await waitForPort('127.0.0.1', port, signal)) waiting.delete(name)
    }
    await Promise.all([...waiting].map(wait))
    clearTimeout(limit)
  }

  #startFunction(placed: Placed): void {
    const { fn, replicas, proxy } = placed
    const { surroundings } = this.#options
    const api = this.#apis.get(fn.sidecar?.appId ?? '')
    for (const replica of replicas) {
      const child = this.#start(replicaProgram(surroundings, fn, replica, api))
      this.#replicas.set(replica.name, child)
      void child.ended.then((end) => end && this.#replicaEnded(placed, replica.name, end))
    }
    if (proxy === undefined || fn.proxy === undefined) return
    const ports = { ...proxy, replicas: replicas.map(({ port }) => port) }
    this.#proxies.push(this.#watch(proxyProgram(surroundings, fn, fn.proxy, ports)))
  }

  #start(program: Program): RunningChild {
    return startChild(program, (line) => this.#options.print(logLine(program.name, line)))
  }

  #watch(program: Program): RunningChild {
    const child = this.#start(program)
    this.#report(child)
    return child
  }

  #report(child: RunningChild): void {
    void child.ended.then((end) => end && this.#break(`${child.name} ${end}`))
  }

  #replicaEnded({ fn, replicas }: Placed, name: string, end: string): void {
    this.#gone.add(name)
    if (!this.#isUp) {
      this.#break(`${name} ${end} before it was ready; what it said is above`)
      return
    }
    const left = replicas.filter((each) => !this.#gone.has(each.name)).length
    const rest = left > 0 ? `${left} of ${fn.replicas} replicas left` : `no replica of ${fn.name} is left`
    this.#options.print(`${name} ${end}; ${rest}`)
  }

  #break(failure: string): void {
    this.#failure ??= failure
    this.#options.print(failure)
    this.#broken.abort()
  }
}

const stopAll = (children: readonly RunningChild[]): Promise<unknown> =>
  Promise.all(children.map((child) => child.stop(stopGraceMs)))
